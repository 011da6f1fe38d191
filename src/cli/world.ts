import { once } from "node:events"
import type { Terminal, World } from "./command.ts"

/** 128 + SIGPIPE, as a shell shows it: whoever read us went away, so nobody may take the end for a good answer. */
const EXIT_PIPE_CLOSED = 141
const COLUMNS_DEFAULT = 80

/**
 * The process as a world for commands. A reader of its output that goes away (`| head`) ends the process silently. A
 * reader of its messages does not: a server goes on when whoever collects its log restarts.
 */
export function realWorld(process: NodeJS.Process, stop: AbortSignal): World {
  return {
    stdin: process.stdin,
    stdout: terminalOf(process.stdout, () => process.exit(EXIT_PIPE_CLOSED)),
    stderr: terminalOf(process.stderr, () => {}),
    env: process.env,
    cwd: process.cwd(),
    clock: () => Date.now() * 1000,
    stop,
    onHangup: (listener) => void process.on("SIGHUP", listener),
  }
}

/** Resolves when everything printed has left the process: pipes are asynchronous, and process.exit would cut them. */
export async function flushed(process: NodeJS.Process): Promise<void> {
  const flush = async (stream: NodeJS.WriteStream) => {
    if (stream.writableLength > 0) await new Promise<void>((done) => void stream.write("", () => done()))
  }
  await Promise.all([flush(process.stdout), flush(process.stderr)])
}

function terminalOf(stream: NodeJS.WriteStream, onReaderGone: () => void): Terminal {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error
    onReaderGone()
  })
  return {
    write: (text) => stream.write(text),
    get isTTY() {
      return stream.isTTY === true
    },
    get columns() {
      return stream.columns ?? COLUMNS_DEFAULT
    },
    drained: async () => {
      if (stream.writableNeedDrain) await once(stream, "drain")
    },
  }
}
