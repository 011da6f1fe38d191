import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import test from "node:test"

const WORLD = join(import.meta.dirname, "world.ts")

/** A process that prints through a world; its output is closed by the reader before `go` is written to it. */
async function printing(code: string, closed: "stdout" | "stderr"): Promise<number> {
  const script = `
    const { realWorld, flushed } = await import(${JSON.stringify(WORLD)})
    const world = realWorld(process, new AbortController().signal)
    process.stdin.once("data", async () => { ${code}; await flushed(process); process.exit(3) })`
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: "pipe" })
  child[closed].destroy()
  await once(child[closed], "close")
  child.stdin.write("go\n")
  const [exit] = (await once(child, "exit")) as [number]
  return exit
}

const LOT = `for (let i = 0; i < 1000; i++) { world.TO.write("x".repeat(1000) + "\\n"); await world.TO.drained() }`

const rows: [why: string, code: string, closed: "stdout" | "stderr", exit: number][] = [
  [
    "a reader of the output that went away ends it, and not with a good answer",
    LOT.replaceAll("TO", "stdout"),
    "stdout",
    141,
  ],
  ["a reader of the messages that went away changes nothing", `world.stderr.write("x")`, "stderr", 3],
  ["nothing printed, nobody missed", "", "stdout", 3],
]
for (const [why, code, closed, exit] of rows) {
  test(`terminal: ${why}`, async () => assert.equal(await printing(code, closed), exit))
}
