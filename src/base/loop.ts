/** Timers and shutdown: the only place that waits. */

/** Resolves after `ms`, or at once when `stop` aborts. Never rejects. */
export function pause(ms: number, stop: AbortSignal): Promise<void> {
  if (stop.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      stop.removeEventListener("abort", end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    stop.addEventListener("abort", end)
  })
}

/** Resolves when `stop` aborts. */
export function aborted(stop: AbortSignal): Promise<void> {
  if (stop.aborted) return Promise.resolve()
  return new Promise((resolve) => stop.addEventListener("abort", () => resolve(), { once: true }))
}

/**
 * Runs `act` every `intervalMs` from the start of one run to the start of the next, never two at once, until `stop`
 * aborts. Resolves when the last run has ended; rejects with the first error.
 */
export async function every(intervalMs: number, stop: AbortSignal, act: () => Promise<void>): Promise<void> {
  while (!stop.aborted) {
    const began = performance.now()
    await act()
    await pause(Math.max(0, intervalMs - (performance.now() - began)), stop)
  }
}

/**
 * Runs all until `stop` aborts; the first that fails stops the others. Resolves when every one has ended, and
 * rejects with the first failure.
 */
export async function together(
  stop: AbortSignal,
  start: (stop: AbortSignal) => readonly Promise<void>[],
): Promise<void> {
  const failed = new AbortController()
  const failures: unknown[] = []
  const tasks = start(AbortSignal.any([stop, failed.signal])).map((task) =>
    task.catch((error: unknown) => {
      failures.push(error)
      failed.abort()
    }),
  )
  await Promise.all(tasks)
  if (failures.length > 0) throw failures[0]
}
