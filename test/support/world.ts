import { PassThrough } from "node:stream"
import type { Terminal, World } from "../../src/cli/command.ts"

/** A world for commands under test: what they print is collected, what they read is given. */
export type TestWorld = World & {
  /** Everything printed to standard output so far. */
  out(): string
  err(): string
  /** Both together, in the order written, as on a terminal. */
  both(): string
}

export function testWorld({
  isTTY = false,
  ...given
}: Partial<World> & {
  readonly cwd: string
  readonly input?: string
  /** Of standard output. */
  readonly isTTY?: boolean
}): TestWorld {
  const pieces: { readonly to: "out" | "err"; readonly text: string }[] = []
  const text = (to?: "out" | "err") =>
    pieces.flatMap((piece) => (to === undefined || piece.to === to ? [piece.text] : [])).join("")
  const terminal = (to: "out" | "err"): Terminal => ({
    isTTY: isTTY && to === "out",
    columns: 80,
    write(written) {
      pieces.push({ to, text: typeof written === "string" ? written : Buffer.from(written).toString() })
      return true
    },
    drained: async () => {},
  })
  const stdin = new PassThrough()
  stdin.end(given.input ?? "")
  return {
    stdin,
    stdout: terminal("out"),
    stderr: terminal("err"),
    env: {},
    clock: () => Date.UTC(2026, 0, 2, 3, 4, 5) * 1000,
    stop: new AbortController().signal,
    onHangup: () => {},
    ...given,
    out: () => text("out"),
    err: () => text("err"),
    both: () => text(),
  }
}
