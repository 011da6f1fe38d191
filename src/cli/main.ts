#!/usr/bin/env node
// Nothing is imported before the check: an older Node would stop at the first word it does not know, without saying why.
const NODE_MAJOR_MIN = 24
const SIGNALS = { SIGINT: 2, SIGTERM: 15 } as const
const EXIT_BUG = 70
const SERVING = ["serve", "start"]

const version = process.versions.node
if (Number(version.split(".")[0]) < NODE_MAJOR_MIN) {
  process.stderr.write(
    `tallystick: this is Node ${version}; expected ${NODE_MAJOR_MIN} or newer\n  install a newer Node; npm install node@24 puts one into this folder, for npx and npm\n`,
  )
  process.exit(2)
}

// Asks a server to read its configuration again, and may come before it has read its own modules. Everything else is ended by it.
let hungUp = false
if (SERVING.includes(process.argv[2] ?? ""))
  process.on("SIGHUP", () => {
    hungUp = true
  })

// Node itself would end with 1, which here means "the answer is bad".
process.on("uncaughtException", (error) => {
  process.stderr.write(`tallystick: something unforeseen happened; this is a bug\n${error.stack ?? error}\n`)
  process.exit(EXIT_BUG)
})

// node:sqlite, which holds the lock of a ledger, calls itself experimental at every start.
process.removeAllListeners("warning")
process.on("warning", (warning) => {
  if (warning.name !== "ExperimentalWarning")
    process.stderr.write(`tallystick: ${warning.stack ?? warning}\n`)
})

const { realWorld, flushed } = await import("./world.ts")
const { run } = await import("./run.ts")

const stop = new AbortController()
for (const [signal, number] of Object.entries(SIGNALS)) {
  process.on(signal, () => {
    if (stop.signal.aborted) process.exit(128 + number) // asked twice: at once
    stop.abort()
  })
}

const code = await run(
  process.argv.slice(2),
  realWorld(process, stop.signal, () => hungUp),
)
await flushed(process)
process.exit(code)
