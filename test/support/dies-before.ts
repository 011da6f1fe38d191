/**
 * Imported before a command (`--import`), it ends the process with SIGKILL instead of its step TEST_DIES_BEFORE, counted
 * from 0. A step is what a crash can fall in front of: a sync or a change of a name, in the order in which the command
 * asks for them. So a kill falls where it should, however fast the machine is.
 */
import fs from "node:fs"
import { syncBuiltinESMExports } from "node:module"

const STEPS = [
  "fdatasync",
  "fsync",
  "rename",
  "fdatasyncSync",
  "fsyncSync",
  "renameSync",
  "linkSync",
] as const

let left = Number(process.env.TEST_DIES_BEFORE)
// Its children are others, with steps of their own.
delete process.env.TEST_DIES_BEFORE

for (const name of STEPS) {
  const act = fs[name] as (...given: unknown[]) => unknown
  Object.assign(fs, {
    [name]: (...given: unknown[]) => {
      if (left-- === 0) process.kill(process.pid, "SIGKILL")
      return act(...given)
    },
  })
}
syncBuiltinESMExports()
