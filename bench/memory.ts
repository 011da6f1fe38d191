import { residentMib } from "./processes.ts"

const SAMPLE_MS = 250
/** Memory of an allocator and a collector breathes: less than this between two halves of a run is flat. */
const GROWTH_MAX = 0.1

/**
 * Samples the resident memory of processes; at the end says for each what it was in the second quarter of the time and in the
 * last one (medians: the first quarter warms up), and whether that is flat.
 */
export function watchMemory(pids: Readonly<Record<string, number | undefined>>): {
  end(): Record<string, string>
} {
  const samples = new Map(Object.keys(pids).map((name) => [name, [] as number[]]))
  const timer = setInterval(() => {
    for (const [name, pid] of Object.entries(pids)) samples.get(name)?.push(residentMib(pid))
  }, SAMPLE_MS)
  return {
    end() {
      clearInterval(timer)
      const told = [...samples].map(
        ([name, taken]) => [`RSS MiB, ${name}: 2nd and last quarter`, judged(taken)] as const,
      )
      return Object.fromEntries(told)
    },
  }
}

function judged(samples: readonly number[]): string {
  const quarter = Math.floor(samples.length / 4)
  if (quarter < 4) return "too short to tell"
  const [early, late] = [median(samples.slice(quarter, 2 * quarter)), median(samples.slice(3 * quarter))]
  return `${early} and ${late}: ${late <= early * (1 + GROWTH_MAX) ? "flat" : "grows"}`
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
}
