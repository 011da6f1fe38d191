import { setImmediate } from "node:timers/promises"
import { utf8 } from "../../base/bytes.ts"
import { Refusal } from "../../base/refusal.ts"
import { unpackBody } from "../body.ts"
import type { Hold } from "../in-flight.ts"
import type { Redaction } from "../receive.ts"
import type { Deliver } from "../source.ts"
import { type Post, type TakeBody, takeBody } from "../take-body.ts"
import type { Acked } from "../webhook.ts"
import type { InsertArguments } from "./arguments.ts"
import { collectorOf } from "./collector.ts"
import { type BulkItem, keepBulk } from "./elasticsearch.ts"
import { keepJsonLines } from "./jsonline.ts"
import { Keeper, type Outcome, type Protocol } from "./keeper.ts"
import { keepLokiJson, keepLokiProto } from "./loki.ts"
import { keepMsgpack } from "./msgpack.ts"
import { keepOtlpJson, keepOtlpProto } from "./otlp.ts"
import { LINES_MAX, TooMany } from "./room.ts"

/** One insert request, already authenticated. */
export type InsertPost = Post & {
  readonly form: InsertForm
  readonly args: InsertArguments
  readonly userAgent: string | undefined
  /** Of `_bulk` below an index: its name. */
  readonly index?: string
}

/** How the body is written: the protocol, and which of its encodings. */
export type InsertForm =
  | { readonly protocol: "jsonline" | "elasticsearch" | "msgpack" }
  | { readonly protocol: "loki"; readonly encoding: "json" | "protobuf" | "snappy" }
  | { readonly protocol: "otlp"; readonly encoding: "json" | "protobuf" }

export type InsertDeps = TakeBody & {
  readonly deliver: Deliver
  readonly redactor: Redaction | undefined
  readonly onAcked?: (acked: Acked) => void
  /** Told what became of the lines of a batch when it is durable. */
  readonly onInserted?: (protocol: Protocol, outcomes: readonly Outcome[]) => void
}

/** What became of a request's lines, in its order, all of it durable. */
export type Inserted = {
  readonly outcomes: readonly Outcome[]
  /** Of `_bulk` only: whom each outcome is about. */
  readonly items: readonly BulkItem[]
}

/**
 * Takes what collectors send. Resolving promises durability of every line, understood or not. Refuses `insert.body` for
 * a body that is nothing of its protocol (kept as one record all the same), and what `readBody` and `deliver` refuse.
 */
export function inserter(deps: InsertDeps): (post: InsertPost) => Promise<Inserted> {
  return (post) => takeBody(deps, post, (body, hold) => insert(deps, post, body, hold))
}

async function insert(deps: InsertDeps, post: InsertPost, body: Uint8Array, hold: Hold): Promise<Inserted> {
  const began = performance.now()
  const { source, args, form } = post
  const { protocol } = form
  const collector = collectorOf(post.userAgent)
  const keeper = new Keeper({ source, redactor: deps.redactor, args, protocol, collector })
  const items: BulkItem[] = []
  const isSnappy = form.protocol === "loki" && form.encoding === "snappy"
  const plain = isSnappy ? await unpackBody(body, "snappy", { ...deps.limits, hold }) : body
  const fault = await runInTurns(keeper, () => linesOf(post, plain, keeper, items))
  // What was kept of it before is in it.
  if (fault === "tooMany") keeper.forget()
  // Nothing at all is not worth a record.
  if (fault !== undefined && body.length > 0) keeper.faulty(body, fault)
  const { records, events, outcomes } = keeper
  if (records.length > 0) await deps.deliver(records)
  deps.onAcked?.({ source, records, events, seconds: (performance.now() - began) / 1000 })
  deps.onInserted?.(protocol, outcomes)
  if (fault !== undefined) throw refusalOf(fault, body, protocol)
  return { outcomes, items }
}

/** Work between two turns of the event loop: other senders' answers wait no longer than that. */
const TURN_MS = 5

function refusalOf(fault: BodyFault, body: Uint8Array, protocol: Protocol): Refusal {
  const why =
    fault === "tooMany"
      ? `as one record: they hold more than ${LINES_MAX} entries, or too many fields`
      : `and are no ${protocol} body`
  return new Refusal("insert.body", `a body of ${body.length} B is kept, ${why}`)
}

type BodyFault = "syntax" | "tooMany"

/** Says where the body was found to be nothing of its protocol, or too much of it, at once or in the middle. */
async function runInTurns(
  keeper: Keeper,
  open: () => Generator<void, boolean>,
): Promise<BodyFault | undefined> {
  try {
    const lines = open()
    let since = performance.now()
    for (let turn = lines.next(); ; turn = lines.next()) {
      if (turn.done) return turn.value ? undefined : "syntax"
      // Protocols with lines stop by themselves, and keep the rest.
      if (keeper.outcomes.length > LINES_MAX + 1) return "tooMany"
      if (performance.now() - since < TURN_MS) continue
      await setImmediate()
      since = performance.now()
    }
  } catch (error) {
    if (error instanceof Refusal || !isUnreadable(error)) throw error
    return error instanceof TooMany ? "tooMany" : "syntax"
  }
}

/** What the readers of protobuf, msgpack and JSON throw at bytes that are none. */
function isUnreadable(error: unknown): boolean {
  return error instanceof Error && error.name !== "Bug" && !(error instanceof TypeError)
}

function linesOf(
  { form, index = "" }: InsertPost,
  body: Uint8Array,
  keeper: Keeper,
  items: BulkItem[],
): Generator<void, boolean> {
  switch (form.protocol) {
    case "jsonline":
      return keepJsonLines(body, keeper)
    case "elasticsearch":
      return keepBulk(body, keeper, index, items)
    case "msgpack":
      return keepMsgpack(body, keeper)
    case "loki":
      return form.encoding === "json" ? keepLokiJson(parseJson(body), keeper) : keepLokiProto(body, keeper)
    case "otlp":
      return form.encoding === "json" ? keepOtlpJson(parseJson(body), keeper) : keepOtlpProto(body, keeper)
  }
}

function parseJson(body: Uint8Array): unknown {
  return JSON.parse(utf8(body) ?? "")
}
