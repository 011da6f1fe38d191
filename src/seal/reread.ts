import { fromBase64 } from "../base/bytes.ts"
import { isRefusal } from "../base/refusal.ts"
import { parseWords, type Words } from "../event/record.ts"
import type { Duckdb, Rows } from "../store/duckdb.ts"
import type { Reread } from "./recheck.ts"

/** Rows held at a time: a row group, about 30 MB of bodies as they usually are. */
const ROWS_MAX = 20_480
/** What cannot be read is narrowed down to so many rows; a page holds more. */
const ROWS_MIN = 2_048

const COLUMNS = [
  "record",
  'epoch_us("receivedAt")',
  "source",
  "n",
  "kind",
  "words",
  '"rawEncoding"',
  "seed",
  "encode(raw)",
  '"leafHint"',
]

/**
 * Every record of a segment file as the file holds it, in the order of its rows. Rows that cannot be read are passed
 * over: whoever counts finds them missing. `onUnreadable` hears why.
 */
export async function* rereadSegment(
  db: Duckdb,
  path: string,
  onUnreadable: (why: string) => void,
): AsyncGenerator<Reread, void> {
  let total = 0
  try {
    total = (await db.query("SELECT count(*) FROM read_parquet([?])", [path])).single().integer(0) ?? 0
  } catch (error) {
    if (!isRefusal(error)) throw error
    onUnreadable(error.message)
  }
  const windows = Array.from({ length: Math.ceil(total / ROWS_MAX) }, (_, i) => i * ROWS_MAX)
  for (const from of windows) yield* readWindow({ from, to: Math.min(from + ROWS_MAX, total) })

  async function* readWindow({ from, to }: { from: number; to: number }): AsyncGenerator<Reread, void> {
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
  return [...recordsOf(await db.query(sql, [path, first, last]))]
}

function readRows(db: Duckdb, path: string, { from, to }: { from: number; to: number }): Promise<Rows> {
  const select = `SELECT ${COLUMNS.join(", ")} FROM read_parquet([?], file_row_number = true)`
  return db.query(`${select} WHERE file_row_number >= ? AND file_row_number < ?`, [path, from, to])
}

function* recordsOf(rows: Rows): Generator<Reread, void> {
  // Words and seeds repeat for thousands of rows: parsed once while they stay the same.
  let [wordsText, words]: [string, Words] = ["", []]
  let [seedText, seed]: [string, Uint8Array] = ["", new Uint8Array()]
  for (const batch of rows.batches()) {
    const column = COLUMNS.map((_, i) => batch.column(i))
    for (let row = 0; row < batch.count; row++) {
      const text = column[5]?.text(row) ?? ""
      if (text !== wordsText) [wordsText, words] = [text, text === "" ? [] : parseWords(text.split(" "))]
      const hex = column[7]?.text(row) ?? ""
      if (hex !== seedText) [seedText, seed] = [hex, Buffer.from(hex, "hex")]
      const encoding = column[6]?.text(row)
      const raw = column[8]?.bytes(row) ?? new Uint8Array()
      const hint = column[9]?.integer(row)
      yield {
        number: column[0]?.integer(row) ?? -1,
        receivedAt: column[1]?.integer(row) ?? 0,
        source: column[2]?.text(row) ?? "",
        n: column[3]?.integer(row) ?? -1,
        kind: column[4]?.text(row) ?? "",
        words,
        content: { kind: "kept", seed, body: encoding === "base64" ? decoded(raw) : raw },
        ...(hint === undefined ? {} : { hint }),
      }
    }
  }
}

/** What does not decode is what somebody made of it: it hashes to something else, which is all that matters. */
function decoded(raw: Uint8Array): Uint8Array {
  const text = Buffer.from(raw.buffer, raw.byteOffset, raw.length).toString("latin1")
  try {
    return fromBase64(text)
  } catch (error) {
    if (isRefusal(error)) return raw
    throw error
  }
}
