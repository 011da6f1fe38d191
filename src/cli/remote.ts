import type { ClientRequest, IncomingMessage, RequestOptions } from "node:http"
import { resolve } from "node:path"
import { isLoopback } from "../api/exposure.ts"
import { REFUSALS, Refusal, type RefusalCode } from "../base/refusal.ts"
import { reasonOf, saidOf } from "../base/said.ts"
import { Stopped } from "../intake/file-deliver.ts"
import { LineCutter } from "../intake/file-lines.ts"
import type { ImportAnswer } from "../intake/import-request.ts"
import { CA_VARIABLE, TOKEN_VARIABLE } from "./client-variables.ts"
import type { Option, Options, World } from "./command.ts"
import { readText } from "./read.ts"

/** A running server, and who we are there. */
export type Remote = {
  readonly url: URL
  readonly token?: string
  /** PEM of the authorities of its certificate. */
  readonly ca?: string
  readonly stop: AbortSignal
}

const ANSWER_BYTES_MAX = 1024 * 1024

/** What a header can carry of it. */
const TOKEN = /^[\x21-\x7e]+$/

export const CA_FLAG: Option = {
  flags: "--ca <file>",
  description: `PEM file with the authorities behind the server's certificate (default: ${CA_VARIABLE})`,
}

/** How to be believed there; `--server` itself is each command's. */
export const REMOTE_FLAGS: readonly Option[] = [
  {
    flags: "--token-file <file>",
    description: `file with the bearer token for the server (default: ${TOKEN_VARIABLE})`,
  },
  CA_FLAG,
]

/** Refuses `usage` for what is no http or https URL, and for a token over plain http to anywhere but this machine. */
export async function openRemote(server: string, options: Options, world: World): Promise<Remote> {
  const url = URL.canParse(server) ? new URL(server) : undefined
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new Refusal(
      "usage",
      `expected --server http://… or https://…, saw ${JSON.stringify(server.slice(0, 80))}`,
    )
  }
  const tokenFile = options.tokenFile ?? world.env[TOKEN_VARIABLE]
  const token = (await fileOf(tokenFile, world))?.trim()
  if (token === "") throw new Refusal("usage", `expected a bearer token in ${tokenFile}, saw an empty file`)
  if (token !== undefined && !TOKEN.test(token))
    throw new Refusal("usage", `expected a bearer token in ${tokenFile}: one line without spaces`)
  const ca = await readCa(options, world)
  if (token !== undefined && url.protocol === "http:" && !isLoopback(url.hostname)) {
    throw new Refusal("usage", "a token is sent over https only, or to this machine")
  }
  return {
    url,
    stop: world.stop,
    ...(token === undefined ? {} : { token }),
    ...(ca === undefined ? {} : { ca }),
  }
}

/** PEM of {@link CA_FLAG}, where it or its variable is given. Refuses `usage` for a file without a certificate. */
export async function readCa(options: Options, world: World): Promise<string | undefined> {
  const file = options.ca ?? world.env[CA_VARIABLE]
  const pem = await fileOf(file, world)
  if (pem === undefined) return undefined
  try {
    const { parseCertificates } = await import("../api/certificate.ts")
    parseCertificates(pem, String(file))
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new Refusal("usage", `expected PEM certificates in --ca: ${why}`, {}, cause)
  }
  return pem
}

async function fileOf(option: Options[string], world: World): Promise<string | undefined> {
  return typeof option === "string" ? await readText(resolve(world.cwd, option)) : undefined
}

/** Sends one file as it stands; resolves when the server has made all of it durable. */
export async function postImport(
  remote: Remote,
  file: { readonly source: string | undefined; readonly id: string; readonly name: string },
  stream: AsyncIterable<Uint8Array>,
): Promise<ImportAnswer> {
  const path = file.source === undefined ? "import" : `import/${file.source}`
  const parameters = new URLSearchParams({ id: file.id, name: file.name })
  const response = await send(remote, "POST", `${path}?${parameters}`, { bytes: stream })
  return documentOf<ImportAnswer>(await textOf(response))
}

/** Has the server say in a record that a quarantined one needs no answer. */
export async function postDismissal(
  remote: Remote,
  { record, why }: { readonly record: number; readonly why: string },
): Promise<void> {
  const parameters = new URLSearchParams({ record: String(record), why })
  await textOf(await send(remote, "POST", `quarantine/dismiss?${parameters}`))
}

/** Finds the control record that says a file with these bytes was imported. */
export function importedQuery(sha256: string): string {
  return `kind:=tallystick raw:"import.done" raw:"${sha256}" | limit 1 | fields record`
}

/** True when the ledger behind the server says it imported a file with these bytes. Any failure means: not known. */
export async function knowsImport(remote: Remote, sha256: string): Promise<boolean> {
  try {
    for await (const _ of queryRemote(remote, importedQuery(sha256))) return true
    return false
  } catch (error) {
    if (error instanceof Refusal) return false
    throw error
  }
}

/** A row as the query API gives it: every value is a string, what is absent has no key. */
export type RemoteRow = Readonly<Record<string, string>>

/** Rows of a query as they come. A line `_partial` ends an answer that limits cut; it is a row here, too. */
export async function* queryRemote(remote: Remote, query: string): AsyncGenerator<RemoteRow, void> {
  yield* rowsOf(remote, "select/logsql/query", { query })
}

type FieldNames = {
  readonly values: readonly { readonly value: string; readonly hits: number }[]
  readonly partial?: string
}
/** 100,000 names of 300 bytes: what the server lists at most. */
const NAMES_BYTES_MAX = 32 * 1024 * 1024

function documentOf<T>(text: string): T {
  try {
    return JSON.parse(text) as T
  } catch (cause) {
    throw new Refusal("server.refused", "the server's answer is no JSON document", {}, cause)
  }
}

/** Names of the fields that rows of a query have, as {@link queryRemote} gives rows: `name` and `hits`. */
export async function* fieldNamesRemote(remote: Remote, query: string): AsyncGenerator<RemoteRow, void> {
  const response = await send(remote, "POST", "select/logsql/field_names", {
    type: "application/x-www-form-urlencoded",
    bytes: one(Buffer.from(new URLSearchParams({ query }).toString())),
  })
  const { values, partial } = documentOf<FieldNames>(await textOf(response, NAMES_BYTES_MAX))
  for (const { value, hits } of values) yield { name: value, hits: String(hits) }
  if (partial !== undefined) yield { _partial: partial }
}

/** Rows of a live tail that begins `backMicros` ago; lasts until `remote.stop`. */
export function tailRemote(
  remote: Remote,
  { query, backMicros }: { readonly query: string; readonly backMicros: number },
): AsyncGenerator<RemoteRow, void> {
  return rowsOf(remote, "select/logsql/tail", { query, start_offset: `${backMicros}us` })
}

/** Asked by a form: a query may be longer than a URL. */
async function* rowsOf(
  remote: Remote,
  path: string,
  form: Readonly<Record<string, string>>,
): AsyncGenerator<RemoteRow, void> {
  const response = await send(remote, "POST", path, {
    type: "application/x-www-form-urlencoded",
    bytes: one(Buffer.from(new URLSearchParams(form).toString())),
  })
  const cutter = new LineCutter(0)
  for await (const chunk of chunksOf(remote, response)) {
    for (const { bytes } of cutter.push(chunk).lines) yield rowOf(bytes)
  }
  for (const { bytes } of cutter.finish().lines) yield rowOf(bytes)
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

/** An answer that breaks off is none: what came of it cannot be told from all of it. */
async function* chunksOf({ url, stop }: Remote, response: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    yield* response as AsyncIterable<Uint8Array>
  } catch (cause) {
    if (stop.aborted) throw new Stopped()
    throw unreachable(url, cause instanceof Error ? cause : new Error(String(cause)))
  }
}

function rowOf(line: Uint8Array): RemoteRow {
  try {
    return JSON.parse(Buffer.from(line).toString("utf8")) as RemoteRow
  } catch (cause) {
    throw new Refusal("server.refused", "the server's answer is no JSON lines", {}, cause)
  }
}

/**
 * Loaded when it is needed, and not by an import: that would ask node:http for all it exports, among it a whole second client
 * for WebSockets, which takes a tenth of a second of every command that could ask a server and does not.
 */
function requestTo(url: URL, options: RequestOptions): ClientRequest {
  return process
    .getBuiltinModule(url.protocol === "https:" ? "node:https" : "node:http")
    .request(url, options)
}

/** One request; the answer, with status 200. Refuses what the server refuses, with its words, and `server.unreachable`. */
async function send(
  { url, token, ca, stop }: Remote,
  method: "GET" | "POST",
  path: string,
  body?: { readonly bytes: AsyncIterable<Uint8Array>; readonly type?: string },
): Promise<IncomingMessage> {
  const base = url.href.endsWith("/") ? url.href : `${url.href}/`
  const options: RequestOptions & { ca?: string } = {
    method,
    signal: stop,
    headers: {
      accept: "application/json",
      ...(body?.type === undefined ? {} : { "content-type": body.type }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(ca === undefined ? {} : { ca }),
  }
  const request = requestTo(new URL(path, base), options)
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    request.once("response", resolve)
    request.once("close", () =>
      reject(unreachable(url, new Error("the connection closed without an answer"))),
    )
    request.on("error", (cause: Error) => reject(stop.aborted ? new Stopped() : unreachable(url, cause)))
  })
  // A server may answer before it has read all: then nobody needs the rest.
  let over = false
  const answer = answered.finally(() => {
    over = true
  })
  answer.catch(() => undefined)
  if (body !== undefined) {
    for await (const chunk of body.bytes) {
      if (over) break
      if (!request.write(chunk)) await Promise.race([drained(request), answer.catch(() => undefined)])
    }
  }
  if (!over) request.end()
  const response = await answer
  const status = response.statusCode ?? 0
  if (status === 200) return response
  const text = await textOf(response)
  request.destroy()
  throw refusalOf(status, text)
}

/** Leaves no listener behind: a large file waits thousands of times. */
function drained(request: ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      request.off("drain", end).off("close", end)
      resolve()
    }
    request.on("drain", end).on("close", end)
  })
}

async function textOf(response: IncomingMessage, bytesMax = ANSWER_BYTES_MAX): Promise<string> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of response as AsyncIterable<Uint8Array>) {
    size += part.length
    if (size <= bytesMax) parts.push(part)
  }
  return Buffer.concat(parts).toString("utf8")
}

/** A problem document (RFC 9457) of ours keeps its code, so that the exit code is the same as without a server. */
function refusalOf(status: number, text: string): Refusal {
  try {
    const problem = JSON.parse(text) as Readonly<Record<string, unknown>>
    const { code, detail } = problem
    if (typeof code === "string" && Object.hasOwn(REFUSALS, code) && typeof detail === "string") {
      const more = code === "auth.required" ? `; give a token with --token-file, or ${TOKEN_VARIABLE}` : ""
      return new Refusal(code as RefusalCode, detail + more, { status })
    }
  } catch {
    // Not ours: a proxy's page.
  }
  return new Refusal("server.refused", `the server answered ${status}`, { status })
}

/** A server that speaks TLS alone hangs up on what does not. */
function cutWithoutTls(url: URL, cause: Error): boolean {
  return url.protocol === "http:" && reasonOf(cause) === "ECONNRESET"
}

function unreachable(url: URL, cause: Error): Refusal {
  return new Refusal(
    "server.unreachable",
    `cannot talk to ${url.origin}: ${saidOf(cause)}${cutWithoutTls(url, cause) ? "; is it https?" : ""}`,
    { server: url.origin },
    cause,
  )
}
