import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { fc } from "../../test/support/properties.ts"
import { formatContract } from "../../test/support/hostile.ts"
import { toBase64 } from "../base/bytes.ts"
import {
  areWords,
  clusterOf,
  formatRecord,
  formatWords,
  isKind,
  isSource,
  LINE_BYTES_MAX,
  parseRecord,
  parseWords,
  type RecordLine,
} from "./record.ts"

const DIGEST = toBase64(new Uint8Array(32).fill(7))
const AT = "2026-11-20T18:24:18.139716Z"
const line = (rest: string) => `tallystick/record/v1 ${rest}`
const PLAIN = line(`${AT} prod-1/apiserver-0 12345 k8s.audit 1500 ${DIGEST}`)

formatContract({
  name: "record line",
  code: "record.malformed",
  samples: [
    PLAIN,
    line(`${AT} tallystick 0 tallystick 0 ${DIGEST}`),
    line(
      `${AT} a/b/c 9007199254740991 log 9007199254740991 ${DIGEST} imported=x original=y=z quarantined=!~`,
    ),
  ],
  parse: parseRecord,
  print: formatRecord,
})

const refused: [why: string, text: string][] = [
  ["another version", PLAIN.replace("/v1", "/v2")],
  ["nothing", ""],
  ["a newline at the end", `${PLAIN}\n`],
  ["a space at the end", `${PLAIN} `],
  ["two spaces", PLAIN.replace(" k8s", "  k8s")],
  ["a field is missing", PLAIN.replace(" 1500", "")],
  ["milliseconds instead of microseconds", PLAIN.replace("139716Z", "139Z")],
  ["another time zone", PLAIN.replace("139716Z", "139716+00:00")],
  ["a day that is not", PLAIN.replace("11-20", "02-30")],
  ["a leading zero", PLAIN.replace(" 12345 ", " 012345 ")],
  ["a sign", PLAIN.replace(" 12345 ", " +12345 ")],
  ["below zero", PLAIN.replace(" 12345 ", " -1 ")],
  ["minus zero", PLAIN.replace(" 12345 ", " -0 ")],
  ["a fraction", PLAIN.replace(" 12345 ", " 1.5 ")],
  ["past 2^53", PLAIN.replace(" 12345 ", " 9007199254740993 ")],
  ["a source that starts with a dot", PLAIN.replace("prod-1/", ".prod/")],
  ["an empty part of a source", PLAIN.replace("prod-1/", "prod-1//")],
  ["an upper-case kind", PLAIN.replace("k8s.audit", "K8s.audit")],
  ["a digest of 31 bytes", PLAIN.replace(DIGEST, toBase64(new Uint8Array(31)))],
  ["a digest without padding", PLAIN.replace("=", "")],
  ["words out of order", `${PLAIN} b=1 a=1`],
  ["a word twice", `${PLAIN} a=1 a=1`],
  ["a word without a value", `${PLAIN} a=`],
  ["a word without a key", `${PLAIN} =1`],
  ["a word without an equals sign", `${PLAIN} a`],
  ["a value that is not ASCII", `${PLAIN} a=é`],
  ["a value of 129 bytes", `${PLAIN} a=${"x".repeat(129)}`],
  [
    "more than 1,024 bytes",
    `${PLAIN}${Array.from("abcdefgh", (key) => ` ${key}=${"x".repeat(128)}`).join("")}`,
  ],
]
for (const [why, text] of refused) {
  test(`parseRecord refuses: ${why}`, () =>
    assert.throws(() => parseRecord(text), { code: "record.malformed" }))
}

test("a record line says what the design says", () => {
  assert.deepEqual(parseRecord(`${PLAIN} imported=7 original=abc`), {
    receivedAt: Date.UTC(2026, 10, 20, 18, 24, 18) * 1000 + 139716,
    source: "prod-1/apiserver-0",
    n: 12345,
    kind: "k8s.audit",
    size: 1500,
    digest: Buffer.alloc(32, 7),
    words: [
      ["imported", "7"],
      ["original", "abc"],
    ],
  })
})

const part = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/)
const words = fc
  .dictionary(fc.stringMatching(/^[a-z][a-z0-9]{0,31}$/), fc.stringMatching(/^[\x21-\x7e]{1,60}$/), {
    maxKeys: 4,
  })
  .map((record) => Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)))
const records: fc.Arbitrary<RecordLine> = fc.record(
  {
    receivedAt: fc.integer({ min: 0, max: Date.UTC(2200, 0) * 1000 }),
    source: fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/")),
    n: fc.maxSafeNat(),
    kind: fc.stringMatching(/^[a-z][a-z0-9.]{0,31}$/),
    size: fc.maxSafeNat(),
    digest: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes)),
    words,
  },
  { noNullPrototype: true },
)

test("every record is read back from its line", () => {
  fc.assert(fc.property(records, (record) => assert.deepEqual(parseRecord(formatRecord(record)), record)))
})

test("the longest head leaves 600 bytes for words", () => {
  const longest = formatRecord({
    receivedAt: 0,
    source: `a${"/b".repeat(99)}c`,
    n: Number.MAX_SAFE_INTEGER,
    kind: "k".repeat(32),
    size: Number.MAX_SAFE_INTEGER,
    digest: new Uint8Array(32),
    words: [],
  })
  assert.ok(longest.length + 600 <= LINE_BYTES_MAX, `the head has ${longest.length}`)
})

describe("parts of a record line", () => {
  const sources: [text: string, expected: boolean, why: string][] = [
    ["prod-1/apiserver-0", true, "cluster and server"],
    ["tallystick", true, "the ledger's own; reserved elsewhere"],
    ["0", true, "a digit starts it"],
    ["a".repeat(63), true, "a part of 63"],
    ["a".repeat(64), false, "a part of 64"],
    [`${"a/".repeat(99)}bc`, true, "200 bytes"],
    [`${"a/".repeat(100)}b`, false, "201 bytes"],
    ["", false, "nothing"],
    ["/a", false, "an empty part first"],
    ["a/", false, "an empty part last"],
    ["a/../b", false, "a part of dots could leave a folder"],
    ["-a", false, "looks like an option"],
    ["a b", false, "a space would be another field"],
    ["a\n", false, "a newline would be another line"],
    ["é", false, "not ASCII"],
  ]
  for (const [text, expected, why] of sources) {
    test(`source: ${why} is ${expected}`, () => assert.equal(isSource(text), expected))
  }
  test("kind", () => {
    for (const good of ["k8s.audit", "log", "a", "k".repeat(32)]) assert.ok(isKind(good), good)
    for (const bad of ["", "K", "1a", ".a", "a-b", "k".repeat(33), "a\n"]) assert.ok(!isKind(bad), bad)
  })
  test("cluster", () => {
    assert.equal(clusterOf("prod-1/apiserver-0"), "prod-1")
    assert.equal(clusterOf("prod-1"), "prod-1")
  })
  test("words are read back from their pieces", () => {
    fc.assert(
      fc.property(words, (words) => {
        assert.ok(areWords(words))
        assert.deepEqual(parseWords(formatWords(words).split(" ").slice(1)), words)
      }),
    )
  })
})
