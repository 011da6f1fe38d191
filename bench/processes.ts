import { readFileSync } from "node:fs"

/** What the kernel says of processes: Linux only, like the figures. */

const CLOCK_TICKS = 100
const MIB_KIB = 1024

/** Processor time since it began, user and system. It says more than the clock where others use the machine too. */
export function cpuMicros(pid: number | undefined): number {
  return ticksOf(pid, [11, 12])
}

/** The same with that of its children that have ended. */
export function cpuMicrosOfAll(pid: number): number {
  return ticksOf(pid, [11, 12, 13, 14])
}

/** Fields of /proc/<pid>/stat behind the name, from 0. */
function ticksOf(pid: number | undefined, at: readonly number[]): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? []
  return (at.reduce((sum, index) => sum + Number(fields[index]), 0) / CLOCK_TICKS) * 1e6
}

export function childrenOf(pid: number | undefined): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim()
  return text === "" ? [] : text.split(" ").map(Number)
}

/** The search process of a server; scrub runs beside it for a while. */
export function searchOf(server: number | undefined): number | undefined {
  return childrenOf(server).find((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("/search/child."),
  )
}

/** The most it ever held. */
export function peakMib(pid: number | undefined): number {
  return Math.round(statusKib(pid, "VmHWM") / MIB_KIB)
}

export function residentMib(pid: number | undefined): number {
  return Math.round(statusKib(pid, "VmRSS") / MIB_KIB)
}

function statusKib(pid: number | undefined, name: string): number {
  return Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0)
}
