import { isObject } from "../../base/is-object.ts"
import type { Keeper } from "./keeper.ts"
import { linesOf, restFrom } from "./lines.ts"
import { parseFields } from "./wrapped-event.ts"

/** One item of a bulk request, in the request's order: what its answer has to say who is meant. */
export type BulkItem = {
  readonly action: BulkAction
  readonly index: string
  readonly id: string | undefined
}
export type BulkAction = "create" | "index" | "update" | "delete"

/** An index is a label of the answer only; longer ones than Elasticsearch itself has are cut. */
const NAME_LENGTH_MAX = 255

/**
 * `/insert/elasticsearch/_bulk`: an action line and a document line in turns. `create` and `index` keep the document;
 * `update` and `delete` would change what is kept, so they are refused, item by item, and kept as what was asked. Where
 * an action should stand and does not, that line is one bad item, and the next line may be an action again.
 */
export function* keepBulk(
  body: Uint8Array,
  keeper: Keeper,
  indexOfPath: string,
  items: BulkItem[],
): Generator<void, true> {
  let waiting: BulkItem | undefined
  for (const line of linesOf(body)) {
    if (keeper.isFull) {
      items.push(waiting ?? { action: "index", index: indexOfPath, id: undefined })
      keeper.faulty(restFrom(body, line), "tooMany")
      return true
    }
    if (waiting === undefined) {
      const item = parseAction(line, indexOfPath)
      if (item === undefined) {
        items.push({ action: "index", index: indexOfPath, id: undefined })
        keeper.faulty(line, "entry")
      } else if (item.action === "delete") {
        items.push(item)
        keeper.faulty(line, "entry")
      } else waiting = item
    } else {
      items.push(waiting)
      if (waiting.action === "update") keeper.faulty(line, "entry")
      else keeper.line(line)
      waiting = undefined
    }
    yield
  }
  if (waiting === undefined) return true
  // The body ends before the document does: there is nothing to keep but the wish.
  items.push(waiting)
  keeper.faulty(Buffer.from(JSON.stringify({ [waiting.action]: {} })), "cutOff")
  return true
}

function parseAction(line: Uint8Array, indexOfPath: string): BulkItem | undefined {
  const fields = parseFields(line) ?? {}
  const [action, ...others] = Object.keys(fields)
  if (others.length > 0 || !isAction(action)) return undefined
  const { _index, _id } = isObject(fields[action]) ? fields[action] : {}
  return {
    action,
    index: typeof _index === "string" ? _index.slice(0, NAME_LENGTH_MAX) : indexOfPath,
    id: typeof _id === "string" ? _id.slice(0, NAME_LENGTH_MAX) : undefined,
  }
}

function isAction(text: string | undefined): text is BulkAction {
  return text !== undefined && ["create", "index", "update", "delete"].includes(text)
}
