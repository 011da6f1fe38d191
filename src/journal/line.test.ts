import assert from "node:assert/strict"
import { test } from "node:test"
import { fc } from "../../test/support/properties.ts"
import { isRefusal } from "../base/refusal.ts"
import type { PlacedRecord } from "../event/record.ts"
import { GroupWriter } from "./group.ts"
import {
  countControls,
  formatCommit,
  formatJournalLine,
  groupCrc,
  isText,
  parseCommit,
  parseJournalLine,
  scanJournal,
} from "./line.ts"

const RECEIVED = Date.UTC(2026, 10, 20, 18, 24, 18) * 1000 + 139_716

function placed(number: number, body: Uint8Array): PlacedRecord {
  const words =
    number % 2 === 0
      ? []
      : ([
          ["imported", "a1"],
          ["quarantined", "x=y"],
        ] as const)
  return {
    number,
    receivedAt: RECEIVED,
    source: "prod-1/apiserver-0",
    n: number,
    kind: "k8s.audit",
    words,
    body,
  }
}

const bodies = fc.oneof(
  fc.uint8Array(),
  fc.string().map((text) => Buffer.from(text)),
  fc.json().map((text) => Buffer.from(text)),
)

test("a line reads as docs/FORMAT.md shows it", () => {
  const text = formatJournalLine({ ...placed(7, Buffer.from('{"kind":"Event"}')), n: 3 })
  assert.equal(
    Buffer.from(text).toString(),
    '7 2026-11-20T18:24:18.139716Z prod-1/apiserver-0 3 k8s.audit imported=a1 quarantined=x=y text\t{"kind":"Event"}\n',
  )
  const counted = { group: 2, first: 7, count: 1 }
  assert.equal(formatCommit({ ...counted, crc: groupCrc(text, counted) }), "commit 2 7 1 66f3982f\n")
})

test("any body comes back exactly, from a line and from a group", () => {
  const writer = new GroupWriter()
  fc.assert(
    fc.property(fc.array(bodies, { minLength: 1, maxLength: 20 }), (list) => {
      const records = list.map((body, at) => placed(100 + at, body))
      for (const record of records)
        assert.deepEqual(plain(parseJournalLine(formatJournalLine(record))), plain(record))
      const bytes = writer.write(records, 9)
      const lines = Buffer.concat(records.map(formatJournalLine))
      const counted = { group: 9, first: 100, count: records.length }
      const commit = { ...counted, crc: groupCrc(lines, counted) }
      assert.deepEqual(Buffer.from(bytes), Buffer.concat([lines, Buffer.from(formatCommit(commit))]))
      assert.deepEqual(
        [...scanJournal(bytes)],
        [{ ...commit, start: 0, commit: lines.length, end: bytes.length }],
      )
    }),
    { numRuns: 300 },
  )
})

const plain = (record: PlacedRecord) => ({ ...record, body: Buffer.from(record.body).toString("hex") })

test("the fast check for control bytes counts as the slow one does, wherever the bytes stand", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(7), (bytes, shift) => {
      const moved = Buffer.concat([Buffer.alloc(shift), bytes]).subarray(shift)
      assert.equal(countControls(moved), bytes.filter((byte) => byte < 0x20).length)
    }),
  )
})

const texts: [why: string, body: Uint8Array, is: boolean][] = [
  ["an empty body is text", Buffer.alloc(0), true],
  ["DEL and everything above 0x20 is text", Buffer.from("\x7f ~"), true],
  ["a carriage return would end a line for some readers", Buffer.from("a\r"), false],
  ["half a character is not UTF-8", Buffer.from("ü").subarray(0, 1), false],
  ["an encoded surrogate is not UTF-8", Buffer.of(0xed, 0xa0, 0x80), false],
]
for (const [why, body, is] of texts) test(`isText: ${why}`, () => assert.equal(isText(body), is))

const GOOD = "7 2026-11-20T18:24:18.139716Z a 3 k8s.audit text\t{}\n"
const refused: [why: string, line: string][] = [
  ["the newline is missing", GOOD.slice(0, -1)],
  ["there are two lines", GOOD + GOOD],
  ["the number has a leading zero", `0${GOOD}`],
  ["the number is past 2^53", GOOD.replace("7", "9007199254740993")],
  ["the source is none", GOOD.replace(" a ", " a/ ")],
  ["n is negative", GOOD.replace(" 3 ", " -3 ")],
  ["the kind is none", GOOD.replace("k8s.audit", "K8s")],
  ["words are out of order", GOOD.replace(" text", " b=1 a=1 text")],
  ["a word has no value", GOOD.replace(" text", " b text")],
  ["two spaces stand together", GOOD.replace(" text", "  text")],
  ["the encoding is unknown", GOOD.replace(" text", " hex")],
  ["text is written as base64", GOOD.replace("text\t{}", "base64\te30=")],
  ["base64 has stray bits", GOOD.replace("text\t{}", "base64\tAB==")],
  ["the TAB is missing", GOOD.replace("\t", " ")],
  ["a text body has a control byte", GOOD.replace("{}", "{\u0001}")],
  ["the time has no microseconds", GOOD.replace(".139716", ".139")],
]
for (const [why, line] of refused) {
  test(`parseJournalLine refuses: ${why}`, () =>
    assert.throws(() => parseJournalLine(Buffer.from(line)), { code: "journal.malformed" }))
}

const commits: [why: string, text: string][] = [
  ["no newline", "commit 1 2 3 00000000"],
  ["upper-case hex", "commit 1 2 3 0000000A\n"],
  ["short hex", "commit 1 2 3 a\n"],
  ["a group of nothing", "commit 1 2 0 00000000\n"],
  ["too much", "commit 1 2 3 00000000 4\n"],
  ["an exponent", "commit 1e1 2 3 00000000\n"],
]
for (const [why, text] of commits) {
  test(`parseCommit refuses: ${why}`, () =>
    assert.throws(() => parseCommit(text), { code: "journal.malformed" }))
}

test("one wrong byte costs its own group and no other", () => {
  const writer = new GroupWriter()
  const groups = [0, 2, 4, 6].map((first) =>
    Buffer.from(
      writer.write([placed(first, Buffer.from("one")), placed(first + 1, Buffer.of(0, 1))], first / 2),
    ),
  )
  const whole = Buffer.concat(groups)
  for (let at = 0; at < whole.length; at++) {
    for (const value of [whole[at]! ^ 1, 0x0a, 0x63]) {
      if (value === whole[at]) continue
      const broken = Buffer.from(whole)
      broken[at] = value
      const hit = groups.findIndex((_, i) => at < Buffer.concat(groups.slice(0, i + 1)).length)
      assert.deepEqual(
        [...scanJournal(broken)].map(({ group }) => group),
        [0, 1, 2, 3].filter((g) => g !== hit),
      )
    }
  }
})

test("no bytes make parsing throw anything but a refusal", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.string().map((text) => Buffer.from(`${text}\t\n`)),
      ),
      (bytes) => {
        assert.deepEqual([...scanJournal(bytes)], [])
        assert.throws(
          () => parseJournalLine(bytes),
          (error) => isRefusal(error),
        )
      },
    ),
  )
})
