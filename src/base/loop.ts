/** Timers and shutdown: the only place that waits. */

/** What ends a pause early, by an event `ring`. One that nobody waits for is forgotten. */
export type Bell = EventTarget

export function ring(bell: Bell): void {
  bell.dispatchEvent(new Event("ring"))
}

/** Resolves after `ms`, or at once when `stop` aborts or `bell` rings. Never rejects. */
export function pause(ms: number, stop: AbortSignal, bell?: Bell): Promise<void> {
  if (stop.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      stop.removeEventListener("abort", end)
      bell?.removeEventListener("ring", end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    stop.addEventListener("abort", end)
    bell?.addEventListener("ring", end)
  })
}

/** Resolves when `stop` aborts. */
export function aborted(stop: AbortSignal): Promise<void> {
  if (stop.aborted) return Promise.resolve()
  return new Promise((resolve) => stop.addEventListener("abort", () => resolve(), { once: true }))
}

/**
 * Runs `act` every `intervalMs` from the start of one run to the start of the next, never two at once, until `stop`
 * aborts; sooner when `bell` rings. Resolves when the last run has ended; rejects with the first error.
 */
export async function every(
  intervalMs: number,
  stop: AbortSignal,
  act: () => Promise<void>,
  bell?: Bell,
): Promise<void> {
  while (!stop.aborted) {
    const began = performance.now()
    await act()
    await pause(Math.max(0, intervalMs - (performance.now() - began)), stop, bell)
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
