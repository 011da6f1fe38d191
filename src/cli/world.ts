import { once } from "node:events"
import type { Terminal, World } from "./command.ts"

/** 128 + SIGPIPE, as a shell shows it: whoever read us went away, so nobody may take the end for a good answer. */
const EXIT_PIPE_CLOSED = 141
const COLUMNS_DEFAULT = 80

/** The process as a world for commands. A reader that goes away (`| head`) ends the process silently. */
export function realWorld(process: NodeJS.Process, stop: AbortSignal): World {
  return {
    stdin: process.stdin,
    stdout: terminalOf(process.stdout, process),
    stderr: terminalOf(process.stderr, process),
    env: process.env,
    cwd: process.cwd(),
    clock: () => Date.now() * 1000,
    stop,
  }
}

/** Resolves when everything printed has left the process: pipes are asynchronous, and process.exit would cut them. */
export async function flushed(process: NodeJS.Process): Promise<void> {
  const flush = (stream: NodeJS.WriteStream) =>
    new Promise<void>((done) => void stream.write("", () => done()))
  await Promise.all([flush(process.stdout), flush(process.stderr)])
}

function terminalOf(stream: NodeJS.WriteStream, process: NodeJS.Process): Terminal {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(EXIT_PIPE_CLOSED)
    throw error
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
