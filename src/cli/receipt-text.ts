import { toBase64, utf8 } from "../base/bytes.ts"
import { formatMicros } from "../base/time.ts"
import { EVENT_FIELDS, type Trust } from "../event/fields.ts"
import { type Event, parseEvent, readPath } from "../event/parse.ts"
import { RESERVED } from "../event/record.ts"
import { summarise } from "../event/summary.ts"
import type { ReceiptFacts } from "../tlog/receipt-check.ts"
import type { World } from "./command.ts"
import { ownText } from "./own-text.ts"
import { escapeText, paintFor } from "./terminal.ts"

/** Sent with values that whoever made the request chose. */
const MARKS: Readonly<Record<Trust, string>> = {
  server: "",
  ledger: "",
  client: "  (chosen by the client)",
  mixed: "  (holds text of the client)",
}
/** A field is a line; the exact bytes are in the receipt. */
const SHOWN_LENGTH_MAX = 300

/** For people: what is proved, and what of it the client chose. */
export function receiptText(facts: ReceiptFacts, world: Pick<World, "stdout" | "env">): string {
  const paint = paintFor(world.stdout, world.env)
  const { line, block, checkpoint, cosignedBy, body } = facts
  const own = body !== undefined && line.kind === RESERVED ? ownText(body) : undefined
  const event = body === undefined || own !== undefined ? undefined : parseEvent(body)
  const rows: [name: string, value: string][] = [
    ["ledger", facts.origin],
    ["record", `${facts.record}, number ${line.n} of its source`],
    ["source", line.source],
    ["received", formatMicros(line.receivedAt)],
    ["kind", line.kind],
    ["size", `${line.size} bytes`],
    ...line.words.map(([key, value]): [string, string] => [key, value]),
    ["block", `${block.number}, sealed at ${formatMicros(block.sealedAt)}`],
    [
      "checkpoint",
      `${checkpoint.size} blocks, signed by ${facts.signedBy.map(({ keyId }) => keyId).join(", ")}`,
    ],
    ...cosignedBy.map(({ key, atSeconds }): [string, string] => [
      "cosigned",
      `${key.name} at ${formatMicros(atSeconds * 1e6)}`,
    ]),
  ]
  const said =
    own !== undefined
      ? [`it says: ${escapeText(cut(own))}`]
      : event === undefined
        ? bodyNote(body)
        : [...eventLines(event, paint.dim)]
  return [
    `${paint.green("proved")}: sealed in the ledger, under a checkpoint that its key signed`,
    ...rows.map(([name, value]) => `  ${name.padEnd(11)}${escapeText(value)}`),
    ...said,
  ]
    .map((text) => `${text}\n`)
    .join("")
}

function bodyNote(body: Uint8Array | undefined): string[] {
  if (body === undefined)
    return ["the body is withheld: how much came from where and when is proved, not what"]
  const text = utf8(body)
  return [`the body is no event: ${escapeText((text ?? toBase64(body)).slice(0, SHOWN_LENGTH_MAX))}`]
}

function* eventLines(event: Event, dim: (text: string) => string): Generator<string> {
  yield `it says: ${escapeText(summarise(event))}`
  for (const { name, trust, path = [] } of EVENT_FIELDS) {
    const value = readPath(event, path)
    if (value === undefined) continue
    const text = typeof value === "string" ? value : JSON.stringify(value)
    yield `  ${name.padEnd(26)} ${escapeText(cut(text))}${dim(MARKS[trust])}`
  }
}

function cut(text: string): string {
  return text.length > SHOWN_LENGTH_MAX ? `${text.slice(0, SHOWN_LENGTH_MAX)}…` : text
}

/** For programs: the same. */
export function receiptJson({ body, line, block, checkpoint, ...facts }: ReceiptFacts): unknown {
  const text = body === undefined ? undefined : utf8(body)
  return {
    answer: "proved",
    origin: facts.origin,
    record: facts.record,
    receivedAt: formatMicros(line.receivedAt),
    source: line.source,
    n: line.n,
    kind: line.kind,
    size: line.size,
    words: Object.fromEntries(line.words),
    block: block.number,
    sealedAt: formatMicros(block.sealedAt),
    checkpointSize: checkpoint.size,
    signedBy: facts.signedBy.map(({ name, keyId }) => ({ name, keyId })),
    cosignedBy: facts.cosignedBy.map(({ key, atSeconds }) => ({
      name: key.name,
      at: formatMicros(atSeconds * 1e6),
    })),
    ...(body === undefined ? {} : text === undefined ? { bodyBase64: toBase64(body) } : { body: text }),
    clientControlled: EVENT_FIELDS.filter(({ trust }) => trust === "client" || trust === "mixed").map(
      ({ name }) => name,
    ),
  }
}
