import { createHash, randomBytes } from "node:crypto"
import { createReadStream } from "node:fs"
import { stat } from "node:fs/promises"
import { resolve } from "node:path"
import { isRefusal, Refusal } from "../../base/refusal.ts"
import { saidOf } from "../../base/said.ts"
import { newImportId } from "../../intake/import.ts"
import type { ImportAnswer } from "../../intake/import-request.ts"
import { checkSource } from "../../intake/narrow.ts"
import { type Command, EXIT, type ExitCode, type Options, type World } from "../command.ts"
import { CONFIG_FLAGS } from "../config-load.ts"
import { openLocalTarget } from "../import-local.ts"
import { unservedOrThrough } from "../open-unserved.ts"
import { formatAmount, formatSeconds, progress } from "../progress.ts"
import { knowsImport, openRemote, postImport, REMOTE_FLAGS } from "../remote.ts"
import { escapeText, jsonLine } from "../terminal.ts"

/** Where an import goes: a running server, or a ledger that no server holds. */
export type ImportTarget = {
  import(
    file: { readonly id: string; readonly name: string; readonly source: string | undefined },
    stream: AsyncIterable<Uint8Array>,
  ): Promise<ImportAnswer>
  /** Whether a file with these bytes was imported before, where that can be known. */
  knows(sha256: string): Promise<boolean>
  /** Resolves when everything is sealed, where that is this side's work. */
  close(): Promise<void>
}

/** A larger file is not read twice only to say that it was imported before: 4 s per GiB of SHA-256. */
const KNOWN_BYTES_MAX = 1024 * 1024 * 1024
const STDIN = "-"

export const importCommand: Command = {
  name: "import",
  summary: "Take audit events out of files: JSON lines, EventLists, legacy lines; plain, gzip or zstd.",
  arguments: [{ name: "file", description: "a file, or - for standard input", variadic: true }],
  options: [
    ...CONFIG_FLAGS,
    {
      flags: "--source <source>",
      description:
        "where the events come from, cluster first: prod-1/apiserver-0 (default: as the credential or intake.anonymousSource says)",
    },
    {
      flags: "--server <url>",
      description:
        "send them to this server (default: the one that holds the ledger; where none does, it is opened)",
    },
    ...REMOTE_FLAGS,
  ],
  examples: [
    "tallystick import --source prod-1/apiserver-0 audit-*.log.gz",
    "zstdcat old.zst | tallystick import --server http://127.0.0.1:9628 --source prod-1 -",
  ],
  async run(files, options, world) {
    const source = textOf(options.source)
    if (source !== undefined) checkSource(source)
    const target = await openTarget(options, world)
    try {
      return await importAll(files, target, { source, json: options.json === true }, world)
    } finally {
      await target.close()
    }
  },
}

/** A running server where `--server` names one or one holds the ledger, or the ledger itself. */
export async function openTarget(options: Options, world: World): Promise<ImportTarget> {
  const server = textOf(options.server)
  if (server !== undefined) return await openServer(server, options, world)
  return await unservedOrThrough(
    world,
    () => openLocalTarget(options, world),
    (holding) => openServer(holding, options, world),
  )
}

async function openServer(server: string, options: Options, world: World): Promise<ImportTarget> {
  const remote = await openRemote(server, options, world)
  return {
    import: (file, stream) => postImport(remote, file, stream),
    knows: (sha256) => knowsImport(remote, sha256),
    close: async () => undefined,
  }
}

async function importAll(
  files: readonly string[],
  target: ImportTarget,
  { source, json }: { readonly source: string | undefined; readonly json: boolean },
  world: World,
): Promise<ExitCode> {
  if (files.filter((file) => file === STDIN).length > 1) {
    throw new Refusal("usage", "standard input can be read once only")
  }
  const id = newImportId(world.clock() / 1000, randomBytes(4))
  const inputs = await Promise.all(files.map((file) => openInput(file, world)))
  let exit: ExitCode = EXIT.fine
  for (const input of inputs) {
    const answer = await importOne(input, { id, source }, target, world)
    if (answer.damage !== undefined) exit = EXIT.unable
    if (json) world.stdout.write(jsonLine(answer))
    else world.stdout.write(summary(answer, world.clock() - input.openedAt))
  }
  return exit
}

type Input = {
  readonly name: string
  /** Absolute path; undefined for standard input. */
  readonly path: string | undefined
  /** Undefined where it is not known: a pipe. */
  readonly size: number | undefined
  openedAt: number
}

/** All files are looked at before the first is read, so that a wrong name stops an import before it begins. */
async function openInput(name: string, world: World): Promise<Input> {
  if (name === STDIN) return { name, path: undefined, size: undefined, openedAt: 0 }
  const path = resolve(world.cwd, name)
  try {
    const found = await stat(path)
    if (found.isDirectory())
      throw new Refusal("input.unreadable", `${name} is a folder; name the files in it`)
    return { name, path, size: found.isFile() ? found.size : undefined, openedAt: 0 }
  } catch (cause) {
    if (cause instanceof Refusal) throw cause
    throw new Refusal("input.unreadable", `cannot read ${name}: ${saidOf(cause)}`, { path }, cause)
  }
}

async function importOne(
  input: Input,
  { id, source }: { readonly id: string; readonly source: string | undefined },
  target: ImportTarget,
  world: World,
): Promise<ImportAnswer> {
  const { name, path, size } = input
  input.openedAt = world.clock()
  if (path !== undefined && size !== undefined && size <= KNOWN_BYTES_MAX) {
    if (await target.knows(await sha256Of(path))) {
      world.stderr.write(
        `${escapeText(name)} was imported before; its events are kept once more, queries count them once\n`,
      )
    }
  }
  const bar = progress(world.stderr, {
    ...(size === undefined ? {} : { total: size }),
    unit: "bytes",
    clock: world.clock,
    label: escapeText(name),
  })
  async function* read(): AsyncGenerator<Uint8Array, void> {
    let done = 0
    const stream = path === undefined ? world.stdin : createReadStream(path, { highWaterMark: CHUNK_BYTES })
    for await (const chunk of stream) {
      const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk
      yield bytes
      done += bytes.length
      bar.update(done)
    }
  }
  try {
    return await target.import({ id, name, source }, read())
  } catch (error) {
    if (!isRefusal(error)) throw error
    throw new Refusal(error.code, `${name}: ${error.message}`, error.facts, error)
  } finally {
    bar.done()
  }
}

const CHUNK_BYTES = 256 * 1024

async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256")
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 }))
    hash.update(chunk as Uint8Array)
  return hash.digest("hex")
}

function summary(answer: ImportAnswer, micros: number): string {
  const { id, name, bytes, records, quarantined, skipped, first, last, damage } = answer
  const seconds = micros / 1_000_000
  const rate = seconds > 0 ? ` at ${formatAmount(bytes / seconds, "bytes")}/s` : ""
  const lines = [
    `${escapeText(name)}: ${formatAmount(records, "records")} from ${formatAmount(bytes, "bytes")} in ${formatSeconds(seconds)}${rate}`,
    ...(first === undefined || last === undefined
      ? []
      : [`  records ${first} to ${last}, marked imported=${id}`]),
    ...(quarantined > 0
      ? [`  ${formatAmount(quarantined, "records")} could not be understood: tallystick quarantine list`]
      : []),
    ...(skipped > 0
      ? [`  ${formatAmount(skipped, "bytes")} skipped: NULs, or more than fits in one record`]
      : []),
    ...(damage === undefined ? [] : [`  the rest could not be read: ${escapeText(damage)}`]),
  ]
  return `${lines.join("\n")}\n`
}

function textOf(option: Options[string]): string | undefined {
  return typeof option === "string" ? option : undefined
}
