import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { test } from "node:test"
import { gzipSync, zstdCompressSync } from "node:zlib"
import { Refusal } from "../../src/base/refusal.ts"
import type { NewRecord } from "../../src/event/record.ts"
import { type Imported, importRecords, isImportId, newImportId } from "../../src/intake/import.ts"
import { eventLine } from "../support/tailed.ts"

const ID = newImportId(Date.UTC(2026, 0, 2, 3, 4, 5), new Uint8Array([1, 2, 3, 255]))
const event = (id: string | number) => eventLine(id).trimEnd()
const item = (id: string) => event(id).replace('"kind":"Event","apiVersion":"audit.k8s.io/v1",', "")
const list = (version: string, ...items: string[]) =>
  `{"kind":"EventList","apiVersion":"${version}","metadata":{},"items":[${items.join(",")}]}`
const V1 = "audit.k8s.io/v1"
const HALF = event("half").slice(0, 90)
const LEGACY =
  '2026-07-24T10:11:12.345678Z AUDIT: id="a" stage="ResponseComplete" ip="192.0.2.10" method="get"'

/** Bodies, those quarantined with their code in front. */
const taken: [why: string, content: string, records: string[]][] = [
  ["JSON lines", `${event(1)}\n${event(2)}\n`, [event(1), event(2)]],
  ["JSON lines without the last newline", `${event(1)}\n${event(2)}`, [event(1), event(2)]],
  ["a line that is cut off costs only itself", `${HALF}\n${event(2)}\n`, [`cutOff ${HALF}`, event(2)]],
  ["cut off at the end of the file", `${event(1)}\n${HALF}`, [event(1), `cutOff ${HALF}`]],
  ["an EventList; its items carry no version", list(V1, item("a"), item("b")), [item("a"), item("b")]],
  [
    "an EventList, printed over many lines",
    list(V1, item("a"), item("b")).replaceAll(",{", " ,\n\t{").replace("[", "[\n"),
    [item("a"), item("b")],
  ],
  ["EventLists, one a line", `${list(V1, item("a"))}\n${list(V1, item("b"))}\n`, [item("a"), item("b")]],
  [
    "EventLists, one a line, one of them broken",
    `${list(V1, item("a"))}\n{"kind":"EventList","items":[{]\n${list(V1, item("b"))}\n`,
    [item("a"), "syntax {]", item("b")],
  ],
  ["an array", `[${event(1)},\n${event(2)}]`, [event(1), event(2)]],
  ["one event over many lines", event(1).replaceAll(",", ",\n  "), [event(1).replaceAll(",", ",\n  ")]],
  [
    "events over many lines, one after the other",
    [1, 2].map((id) => event(id).replaceAll(",", ",\n  ")).join("\n"),
    [1, 2].map((id) => event(id).replaceAll(",", ",\n  ")),
  ],
  [
    "an EventList that is cut off keeps its whole items",
    list(V1, item("a"), HALF).slice(0, -2),
    [item("a"), `log syntax ${HALF}`],
  ],
  ["an older version of the format", list("audit.k8s.io/v1beta1", item("a")), [`version ${item("a")}`]],
  ["another kind of list", list(V1, '{"kind":"Pod"}'), ['kind {"kind":"Pod"}']],
  [
    "one bad item among good ones",
    list(V1, item("a"), '{"a":tru}', item("b")),
    [item("a"), 'syntax {"a":tru}', item("b")],
  ],
  ["an empty list", list(V1), []],
  ["legacy lines", `${LEGACY}\n${LEGACY}\n`, [`log ${LEGACY}`, `log ${LEGACY}`]],
  ["an empty file", "", []],
  ["a byte order mark and blank lines", `\ufeff\n\n${event(1)}\n\n`, [event(1)]],
]
for (const [why, content, records] of taken) {
  for (const chunkBytes of [1, 64, 1 << 16]) {
    test(`import takes in chunks of ${chunkBytes}: ${why}`, async () => {
      const { ledger, imported } = await run(Buffer.from(content), chunkBytes)
      assert.deepEqual(ledger.map(shown), records)
      assert.equal(imported.records, records.length)
      assert.equal(imported.quarantined, ledger.filter(isQuarantined).length)
      for (const { words, source } of ledger) {
        assert.deepEqual(words[0], ["imported", ID])
        assert.equal(source, "prod-1/old")
      }
    })
  }
}

const packed: [name: string, pack: (content: Buffer) => Uint8Array][] = [
  ["gzip", (content) => gzipSync(content)],
  ["zstd", (content) => zstdCompressSync(content)],
  ["two zstd frames", (content) => Buffer.concat([zstdCompressSync(content), zstdCompressSync(content)])],
]
for (const [name, pack] of packed) {
  test(`import unpacks ${name} and hashes what stands in the file`, async () => {
    const bytes = pack(Buffer.from(`${event(1)}\n${event(2)}\n`))
    const { ledger, imported } = await run(bytes, 100)
    assert.equal(ledger.length % 2, 0)
    assert.equal(shown(ledger.at(-1)!), event(2))
    assert.equal(imported.bytes, bytes.length)
    assert.equal(imported.sha256, createHash("sha256").update(bytes).digest("hex"))
  })
}

test("import keeps what stands before the damage of a gzip file, and says so", async () => {
  const content = Array.from({ length: 3000 }, (_, i) => eventLine(Math.imul(i, 2654435761))).join("")
  const { ledger, imported } = await run(gzipSync(content).subarray(0, -1000), 1 << 16)
  assert.equal(imported.damage?.code, "body.damaged")
  assert.ok(ledger.length > 1000)
  assert.equal(imported.records, ledger.length)
})

const refused: [why: string, content: string | Uint8Array, says: RegExp][] = [
  ["YAML", "kind: Event\napiVersion: audit.k8s.io/v1\n", /YAML/],
  ["YAML after a comment", "# Copyright\nkind: Event\n", /YAML/],
  ["CSV", "auditID,verb,user\n1,get,me\n", /CSV/],
  ["Parquet", "PAR1....", /Parquet/],
  ["a ZIP", "PK\x03\x04", /ZIP/],
  ["UTF-16", Buffer.from("\ufeff{}", "utf16le"), /UTF-16/],
  ["plain text", "hello world\n", /neither/],
]
for (const [why, content, says] of refused) {
  test(`import refuses before anything is delivered: ${why}`, async () => {
    const ledger: NewRecord[] = []
    await assert.rejects(run(Buffer.from(content as string), 1 << 16, { ledger }), (error: unknown) => {
      assert.ok(error instanceof Refusal && error.code === "import.format")
      assert.match(error.message, says)
      return true
    })
    assert.deepEqual(ledger, [])
  })
}

test("an EventList of 200 MiB needs a fraction of it", { timeout: 60_000 }, async () => {
  const body = `${item("big").slice(0, -1)},"requestObject":"${"x".repeat(500_000)}"}`
  const head = list(V1).slice(0, -2)
  async function* giant() {
    yield Buffer.from(head)
    for (let i = 0; i < 400; i++) yield Buffer.from(i === 0 ? body : `,${body}`)
    yield Buffer.from("]}")
  }
  let most = 0
  let records = 0
  const base = memory()
  const imported = await importRecords(giant(), {
    ...spec(async (batch) => {
      records += batch.length
      most = Math.max(most, memory() - base)
      return { first: records - batch.length, count: batch.length }
    }),
  })
  assert.equal(imported.records, 400)
  assert.ok(most < 150 * 1024 * 1024, `${most} bytes`)
})

test("an import waits for a journal that is full, and stops when it is told to", async () => {
  const stop = new AbortController()
  let tries = 0
  const importing = importRecords(chunked(Buffer.from(event(1)), 10), {
    ...spec(async () => {
      if (++tries === 3) stop.abort()
      throw new Refusal("journal.unavailable", "full")
    }),
    stop: stop.signal,
  })
  await assert.rejects(importing, { name: "AbortError" })
  assert.equal(tries, 3)
})

test("an import id is unique, sorts by time and fits in a word", () => {
  assert.equal(ID, "20260102T030405Z-010203ff")
  assert.ok(isImportId(ID))
  for (const no of ["", "a b", "-x", "a".repeat(65), "a/b"]) assert.ok(!isImportId(no), no)
})

async function run(
  bytes: Uint8Array,
  chunkBytes: number,
  { ledger = [] }: { ledger?: NewRecord[] } = {},
): Promise<{ ledger: NewRecord[]; imported: Imported }> {
  const imported = await importRecords(
    chunked(bytes, chunkBytes),
    spec(async (batch) => {
      ledger.push(...batch)
      return { first: ledger.length - batch.length, count: batch.length }
    }),
  )
  return { ledger, imported }
}

function spec(deliver: (batch: readonly NewRecord[]) => Promise<{ first: number; count: number }>) {
  return {
    source: "prod-1/old",
    id: ID,
    redactor: undefined,
    deliver,
    stop: new AbortController().signal,
    pause: async () => undefined,
    onTrouble: () => undefined,
  }
}

async function* chunked(bytes: Uint8Array, chunkBytes: number): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes)
}

function isQuarantined({ words }: NewRecord): boolean {
  return words.some(([key]) => key === "quarantined")
}

function shown(record: NewRecord): string {
  const code = record.words.find(([key]) => key === "quarantined")?.[1]
  const parts = [
    record.kind === "k8s.audit" ? undefined : record.kind,
    code,
    Buffer.from(record.body).toString(),
  ]
  return parts.filter((part) => part !== undefined).join(" ")
}

function memory(): number {
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
