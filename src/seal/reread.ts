import { asBuffer } from "../base/buffer.ts"
import { ifBase64 } from "../base/bytes.ts"
import { isRefusal } from "../base/refusal.ts"
import { parseWords, type Words } from "../event/record.ts"
import type { Duckdb, Rows } from "../store/duckdb.ts"
import type { Reread } from "./recheck.ts"

/** Rows held at a time: a row group, about 30 MB of bodies as they usually are. */
const ROWS_MAX = 20_480
/** What cannot be read is narrowed down to so many rows; a page holds more. */
const ROWS_MIN = 2_048

/**
 * What repeats for thousands of rows goes as one text: a string out of the engine costs 1 µs, however short, and its parts
 * are read once while it stays the same.
 */
const HEAD = `concat(source, chr(9), kind, chr(9), words, chr(9), "rawEncoding", chr(9), seed)`
const COLUMNS = ["record", 'epoch_us("receivedAt")', "n", HEAD, "encode(raw)", '"leafHint"']

/**
 * Every record of a segment file as the file holds it, in the order of its rows, some at a time. Rows that cannot be read are passed
 * over: whoever counts finds them missing. `onUnreadable` hears why.
 */
export async function* rereadSegment(
  db: Duckdb,
  path: string,
  onUnreadable: (why: string) => void,
): AsyncGenerator<readonly Reread[], void> {
  let total = 0
  try {
    total = (await db.query("SELECT count(*) FROM read_parquet([?])", [path])).single().integer(0) ?? 0
  } catch (error) {
    if (!isRefusal(error)) throw error
    onUnreadable(error.message)
  }
  const windows = Array.from({ length: Math.ceil(total / ROWS_MAX) }, (_, i) => i * ROWS_MAX)
  for (const from of windows) yield* readWindow({ from, to: Math.min(from + ROWS_MAX, total) })

  async function* readWindow({
    from,
    to,
  }: {
    from: number
    to: number
  }): AsyncGenerator<readonly Reread[], void> {
    let rows: Rows
    try {
      rows = await readRows(db, path, { from, to })
    } catch (error) {
      if (!isRefusal(error)) throw error
      if (to - from <= ROWS_MIN) return onUnreadable(error.message)
      const middle = from + Math.ceil((to - from) / 2)
      yield* readWindow({ from, to: middle })
      return yield* readWindow({ from: middle, to })
    }
    yield* recordsOf(rows)
  }
}

/** The records of a segment file with numbers from `first` to `last`, in no order. Throws where they cannot be read. */
export async function readRange(
  db: Duckdb,
  path: string,
  { first, last }: { readonly first: number; readonly last: number },
): Promise<Reread[]> {
  const sql = `SELECT ${COLUMNS.join(", ")} FROM read_parquet([?]) WHERE record BETWEEN ? AND ?`
  return [...recordsOf(await db.query(sql, [path, first, last]))].flat()
}

function readRows(db: Duckdb, path: string, { from, to }: { from: number; to: number }): Promise<Rows> {
  const select = `SELECT ${COLUMNS.join(", ")} FROM read_parquet([?], file_row_number = true)`
  return db.query(`${select} WHERE file_row_number >= ? AND file_row_number < ?`, [path, from, to])
}

function* recordsOf(rows: Rows): Generator<readonly Reread[]> {
  const heads = new Map<string, Head>()
  for (const batch of rows.batches()) {
    const [record, receivedAt, n] = [batch.column(0), batch.column(1), batch.column(2)]
    const [heading, raw, hints] = [batch.column(3), batch.column(4), batch.column(5)]
    const records: Reread[] = []
    for (let row = 0; row < batch.count; row++) {
      const { source, kind, words, encoding, seed } = headOf(heading.text(row) ?? "", heads)
      const bytes = raw.bytes(row) ?? new Uint8Array()
      const hint = hints.integer(row)
      const body = encoding === "base64" ? decoded(bytes) : bytes
      records.push({
        number: record.integer(row) ?? -1,
        receivedAt: receivedAt.integer(row) ?? 0,
        source,
        n: n.integer(row) ?? -1,
        kind,
        words,
        content: { kind: "kept", seed, body },
        hint,
      })
    }
    yield records
  }
}

type Head = {
  readonly source: string
  readonly kind: string
  readonly words: Words
  readonly encoding: string
  readonly seed: Uint8Array
}

/** Sources times blocks in a window, with room; words that differ for each record must not fill the memory. */
const HEADS_MAX = 4096

function headOf(text: string, heads: Map<string, Head>): Head {
  const known = heads.get(text)
  if (known !== undefined) return known
  const parts = text.split("\t")
  // A TAB within one of them is somebody's work: such a text names nothing, and hashes to something else.
  const [source = "", kind = "", words = "", encoding = "", seed = ""] = parts.length === 5 ? parts : [text]
  const head = {
    source,
    kind,
    words: words === "" ? [] : parseWords(words.split(" ")),
    encoding,
    seed: Buffer.from(seed, "hex"),
  }
  if (heads.size >= HEADS_MAX) heads.clear()
  heads.set(text, head)
  return head
}

/** What does not decode is what somebody made of it: it hashes to something else, which is all that matters. */
function decoded(raw: Uint8Array): Uint8Array {
  return ifBase64(asBuffer(raw).toString("latin1")) ?? raw
}
