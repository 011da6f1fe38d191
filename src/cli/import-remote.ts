import { readFile } from "node:fs/promises"
import { request as httpRequest, type IncomingMessage, type RequestOptions } from "node:http"
import { request as httpsRequest } from "node:https"
import { REFUSALS, Refusal, type RefusalCode } from "../base/refusal.ts"
import type { ImportAnswer } from "../intake/import-request.ts"

/** A running server, and who we are there. */
export type Remote = {
  readonly url: URL
  readonly token?: string
  /** PEM of the authorities of its certificate. */
  readonly ca?: string
  readonly stop: AbortSignal
}

const ANSWER_BYTES_MAX = 1024 * 1024

/** Refuses `usage` for what is no http or https URL; a token goes over plain http to this machine only. */
export async function openRemote(
  server: string,
  {
    tokenFile,
    caFile,
    stop,
  }: { tokenFile?: string | undefined; caFile?: string | undefined; stop: AbortSignal },
): Promise<Remote> {
  const url = URL.canParse(server) ? new URL(server) : undefined
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new Refusal(
      "usage",
      `expected --server http://… or https://…, saw ${JSON.stringify(server.slice(0, 80))}`,
    )
  }
  const token = tokenFile === undefined ? undefined : (await readFile(tokenFile, "utf8")).trim()
  if (token !== undefined && url.protocol === "http:" && !LOOPBACK.test(url.hostname)) {
    throw new Refusal("usage", "a token is sent over https only, or to this machine")
  }
  const ca = caFile === undefined ? undefined : await readFile(caFile, "utf8")
  return { url, stop, ...(token === undefined ? {} : { token }), ...(ca === undefined ? {} : { ca }) }
}

const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

/** Sends one file as it stands; resolves when the server has made all of it durable. */
export async function postImport(
  remote: Remote,
  file: { readonly source: string | undefined; readonly id: string; readonly name: string },
  stream: AsyncIterable<Uint8Array>,
): Promise<ImportAnswer> {
  const path = file.source === undefined ? "import" : `import/${file.source}`
  const parameters = new URLSearchParams({ id: file.id, name: file.name })
  const answer = await send(remote, "POST", `${path}?${parameters}`, stream)
  return JSON.parse(answer) as ImportAnswer
}

/** True when the ledger behind the server says it imported a file with these bytes. Any failure means: not known. */
export async function knowsImport(remote: Remote, sha256: string): Promise<boolean> {
  const query = `kind:=tallystick "import.done" "${sha256}" | limit 1`
  try {
    return (await send(remote, "GET", `select/logsql/query?${new URLSearchParams({ query })}`)).trim() !== ""
  } catch (error) {
    if (error instanceof Refusal) return false
    throw error
  }
}

/** One request; the answer's text. Refuses what the server refuses, with its words, and `server.unreachable`. */
async function send(
  { url, token, ca, stop }: Remote,
  method: "GET" | "POST",
  path: string,
  body?: AsyncIterable<Uint8Array>,
): Promise<string> {
  const base = url.href.endsWith("/") ? url.href : `${url.href}/`
  const options: RequestOptions & { ca?: string } = {
    method,
    signal: stop,
    headers: {
      accept: "application/json",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(ca === undefined ? {} : { ca }),
  }
  const request = (url.protocol === "https:" ? httpsRequest : httpRequest)(new URL(path, base), options)
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    request.once("response", resolve)
    request.on("error", (cause: Error) => reject(unreachable(url, cause)))
  })
  // A server may answer before it has read all: then nobody needs the rest.
  let over = false
  const answer = answered.finally(() => {
    over = true
  })
  answer.catch(() => undefined)
  if (body !== undefined) {
    for await (const chunk of body) {
      if (over) break
      if (!request.write(chunk)) await Promise.race([drained(request), answer.catch(() => undefined)])
    }
  }
  if (!over) request.end()
  const response = await answer
  const text = await textOf(response)
  if (over && !request.writableEnded) request.destroy()
  const status = response.statusCode ?? 0
  if (status !== 200) throw refusalOf(status, text)
  return text
}

function drained(request: { once(event: "drain" | "close", listener: () => void): unknown }): Promise<void> {
  return new Promise((resolve) => {
    request.once("drain", resolve)
    request.once("close", resolve)
  })
}

async function textOf(response: IncomingMessage): Promise<string> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of response as AsyncIterable<Uint8Array>) {
    size += part.length
    if (size <= ANSWER_BYTES_MAX) parts.push(part)
  }
  return Buffer.concat(parts).toString("utf8")
}

/** A problem document (RFC 9457) of ours keeps its code, so that the exit code is the same as without a server. */
function refusalOf(status: number, text: string): Refusal {
  try {
    const problem = JSON.parse(text) as Readonly<Record<string, unknown>>
    const { code, detail } = problem
    if (typeof code === "string" && Object.hasOwn(REFUSALS, code) && typeof detail === "string") {
      return new Refusal(code as RefusalCode, detail, { status })
    }
  } catch {
    // Not ours: a proxy's page.
  }
  return new Refusal("server.refused", `the server answered ${status}`, { status })
}

function unreachable(url: URL, cause: Error): Refusal {
  const code = "code" in cause && typeof cause.code === "string" ? cause.code : cause.message
  return new Refusal(
    "server.unreachable",
    `cannot talk to ${url.origin}: ${code}`,
    { server: url.origin },
    cause,
  )
}
