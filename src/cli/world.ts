import { once } from "node:events"
import { setImmediate } from "node:timers/promises"
import { saidOf } from "../base/said.ts"
import type { Terminal, World } from "./command.ts"

/** 128 + SIGPIPE, as a shell shows it: whoever read us went away, so nobody may take the end for a good answer. */
const EXIT_PIPE_CLOSED = 141
const COLUMNS_DEFAULT = 80

/** As for everything that could not be done. */
const EXIT_UNABLE = 2

/**
 * The process as a world for commands. A reader of its output that goes away (`| head`) ends the process silently, output
 * that finds no room ends it with the reason. Messages that nobody takes do not: a server goes on when whoever collects its
 * log restarts, or the disk with its log is full. `hungUp` says whether a hangup came already.
 */
export function realWorld(process: NodeJS.Process, stop: AbortSignal, hungUp = () => false): World {
  return {
    stdin: process.stdin,
    stdout: terminalOf(process.stdout, (error) => {
      if (error.code === "EPIPE") process.exit(EXIT_PIPE_CLOSED)
      process.stderr.write(
        `tallystick: cannot write to standard output: ${saidOf(error)}\n  what was printed is cut off: make room, or send it elsewhere\n`,
      )
      process.exit(EXIT_UNABLE)
    }),
    stderr: terminalOf(process.stderr, () => {}),
    env: process.env,
    cwd: process.cwd(),
    clock: () => Date.now() * 1000,
    stop,
    onHangup(listener) {
      process.on("SIGHUP", listener)
      if (hungUp()) listener()
    },
  }
}

/** Resolves when everything printed has left the process: pipes are asynchronous, and process.exit would cut them. */
export async function flushed(process: NodeJS.Process): Promise<void> {
  const flush = async (stream: NodeJS.WriteStream) => {
    if (stream.writableLength > 0) await new Promise<void>((done) => void stream.write("", () => done()))
  }
  await Promise.all([flush(process.stdout), flush(process.stderr)])
  // Files are written at once, and say a turn later that they could not be.
  await setImmediate()
}

function terminalOf(stream: NodeJS.WriteStream, onFailure: (error: NodeJS.ErrnoException) => void): Terminal {
  stream.on("error", onFailure)
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
