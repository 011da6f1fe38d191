import assert from "node:assert/strict"
import { test } from "node:test"
import { fc } from "../../test/support/properties.ts"
import { toBytes } from "../base/bytes.ts"
import { isRefusal } from "../base/refusal.ts"
import { QUARANTINE } from "./quarantine.ts"
import { createScan, scanValue } from "./scan.ts"
import { type Sliced, type SliceLimits, sliceEvents } from "./slice.ts"

const event = (more = "") => `{"auditID":"a","stage":"ResponseComplete"${more}}`
const E = event()
const list = (...items: string[]) =>
  `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[${items.join(",")}]}\n`

/** Each item as `text` or `code: text`. */
function read(body: string | Uint8Array, limits: Partial<SliceLimits> = {}): [Sliced["shape"], string[]] {
  const bytes = typeof body === "string" ? toBytes(body) : body
  const { shape, items } = sliceEvents(bytes, limits)
  const texts = items.map(({ start, end, quarantined }) => {
    const text = Buffer.from(bytes.subarray(start, end)).toString("latin1")
    return quarantined === undefined ? text : `${quarantined}: ${text}`
  })
  return [shape, texts]
}

const bodies: [why: string, body: string, shape: Sliced["shape"], items: string[]][] = [
  ["a list as kube-apiserver posts it", list(E, event(',"verb":"get"')), "list", [E, event(',"verb":"get"')]],
  ["an empty list is fine", list(), "list", []],
  ["Go writes a nil slice as null", `{"kind":"EventList","items":null}`, "list", []],
  ["a list without items", `{"kind":"EventList"}`, "list", []],
  ["keys of the list in any order", `{"items":[${E}],"metadata":{},"kind":"EventList"}`, "list", [E]],
  ["the list needs no kind", `{"metadata":{"a":[1]},"items":[${E}]}`, "list", [E]],
  ["the key items written with an escape", `{"kind":"EventList","it\\u0065ms":[${E}]}`, "list", [E]],
  ["items twice: those of both", `{"items":[${E}],"items":[${E},${E}]}`, "list", [E, E, E]],
  ["an array of events", `[${E} , ${E}]`, "list", [E, E]],
  ["an empty array", " [ ] ", "list", []],
  ["a single event", `\n${E}\r\n`, "single", [E]],
  [
    "a single event, printed over lines",
    `{\n  "auditID": "a",\n  "stage": "S"\n}\n`,
    "single",
    [`{\n  "auditID": "a",\n  "stage": "S"\n}`],
  ],
  ["an event may hold items of its own", event(',"items":[1]'), "single", [event(',"items":[1]')]],
  ["JSON lines", `${E}\n${E}\n`, "lines", [E, E]],
  ["JSON lines with CRLF and blank lines", `${E}\r\n\r\n  \n${E}\r\n`, "lines", [E, E]],
  ["JSON lines without a last newline", `${E}\n${E}`, "lines", [E, E]],
  ["objects one after the other", `${E}${E} ${E}`, "lines", [E, E, E]],
  ["lists one after the other", `${list(E)}${list(E)}`, "lines", [E, E]],
  ["NUL bytes where copytruncate left a hole", `\0\0\0${E}\n\0\0${E}`, "lines", [E, E]],
  ["a byte order mark", `\ufeff${E}`, "single", [E]],
  ["record separators (RFC 7464)", `\x1e${E}\n\x1e${E}\n`, "lines", [E, E]],
  [
    "kind and apiVersion as the log writes them",
    event(',"kind":"Event","apiVersion":"audit.k8s.io/v1"'),
    "single",
    [event(',"kind":"Event","apiVersion":"audit.k8s.io/v1"')],
  ],
  ["null for a zero time", event(',"stageTimestamp":null'), "single", [event(',"stageTimestamp":null')]],
  [
    "big numbers and duplicate keys in bodies are the client's own",
    event(',"requestObject":{"a":9007199254740993,"a":1e999,"b":-0.0E+1}'),
    "single",
    [event(',"requestObject":{"a":9007199254740993,"a":1e999,"b":-0.0E+1}')],
  ],
  [
    "quotes, backslashes and brackets in strings",
    event(',"x":"}]\\"\\\\{[,"'),
    "single",
    [event(',"x":"}]\\"\\\\{[,"')],
  ],
  ["a lone surrogate in an escape is JSON", event(',"x":"\\ud800"'), "single", [event(',"x":"\\ud800"')]],
  ["NUL as an escape", event(',"x":"\\u0000"'), "single", [event(',"x":"\\u0000"')]],
]
for (const [why, body, shape, items] of bodies) {
  test(`sliceEvents takes ${why}`, () => {
    const [seenShape, seen] = read(body)
    assert.deepEqual(
      seen,
      items.map((item) => Buffer.from(item, "utf8").toString("latin1")),
    )
    assert.equal(seenShape, shape)
  })
}

const quarantined: [why: string, body: string, items: string[]][] = [
  ["an item that is no object", list(E, "1", E), [E, "notObject: 1", E]],
  ["items of one byte", "[1,2,[],3]", ["notObject: 1", "notObject: 2", "notObject: []", "notObject: 3"]],
  ["a scalar as the whole body", "null", ["notObject: null"]],
  ["an object that is no event", `{"a":1}`, [`notEvent: {"a":1}`]],
  ["an event without a stage", `[{"auditID":"a"},${E}]`, [`notEvent: {"auditID":"a"}`, E]],
  ["auditID null", `{"auditID":null,"stage":"S"}`, [`notEvent: {"auditID":null,"stage":"S"}`]],
  ["another kind", event(',"kind":"Pod"'), [`kind: ${event(',"kind":"Pod"')}`]],
  [
    "a version of old",
    event(',"apiVersion":"audit.k8s.io/v1beta1"'),
    [`version: ${event(',"apiVersion":"audit.k8s.io/v1beta1"')}`],
  ],
  [
    "a list of another version: its items carry none",
    `{"items":[${E}],"apiVersion":"audit.k8s.io/v1beta1"}`,
    [`version: ${E}`],
  ],
  ["auditID twice", event(',"auditID":"b"'), [`ambiguous: ${event(',"auditID":"b"')}`]],
  [
    "the username twice",
    event(',"user":{"username":"a","username":"b"}'),
    [`ambiguous: ${event(',"user":{"username":"a","username":"b"}')}`],
  ],
  [
    "a key twice, once with an escape",
    event(',"\\u0073tage":"b"'),
    [`ambiguous: ${event(',"\\u0073tage":"b"')}`],
  ],
  ["a verb that is a number", event(',"verb":1'), [`type: ${event(',"verb":1')}`]],
  ["a user that is a string", event(',"user":"alice"'), [`type: ${event(',"user":"alice"')}`]],
  ["items that are no array", `{"kind":"EventList","items":{"0":${E}}}`, [`type: {"0":${E}}`]],
  [
    "events under another name than items",
    `{"kind":"EventList","events":[${E}],"n":1}`,
    [`notEvent: [${E}]`],
  ],
  ["a bad literal between good neighbours", list(E, `{"a":tru}`, E), [E, `syntax: {"a":tru}`, E]],
  ["brackets that do not match", `[${E},{"a":[}],${E}]`, [E, `syntax: {"a":[}]`, E]],
  ["an item with something after it", `[${E} x, ${E}]`, [`syntax: ${E} x`, E]],
  ["a forgotten comma", `[${E}${E}, ${E}]`, [`syntax: ${E}${E}`, E]],
  ["one bracket too many", `[${E}}, ${E}]`, [`syntax: ${E}}`, E]],
  ["a raw newline in a string", `[{"a":"\n"}, ${E}]`, [`syntax: {"a":"\n"}`, E]],
  ["a trailing comma in an item", `[{"a":1,}, ${E}]`, [`syntax: {"a":1,}`, E]],
  ["a leading zero", `[01, ${E}]`, ["syntax: 01", E]],
  ["an unknown escape", `["\\x41", ${E}]`, [`syntax: "\\x41"`, E]],
  ["half an escape", `["\\u12", ${E}]`, [`syntax: "\\u12"`, E]],
  ["nesting deeper than the limit", `[${"[".repeat(5)}${"]".repeat(5)},${E}]`, ["depth: [[[[[]]]]]", E]],
  [
    "an item larger than the limit",
    `[{"a":"${"x".repeat(120)}"},${E}]`,
    [`tooLarge: {"a":"${"x".repeat(120)}"}`, E],
  ],
  ["a torn line among lines", `{"auditID":"a","sta\n${E}\n`, [`syntax: {"auditID":"a","sta`, E]],
  ["a torn line that would swallow the next as a value", `{"a":\n${E}\n${E}\n`, [`syntax: {"a":`, E, E]],
  ["a line of another format", `hello\n${E}\nI0720 serving\n`, ["syntax: hello", E, "syntax: I0720 serving"]],
  ["something after the only value", `${E} </html>`, [E, "syntax: </html>"]],
  ["a list cut within an item", list(E, E).slice(0, -8), [E, `cutOff: ${E.slice(0, -5)}`]],
  [
    "a list cut within a string",
    `{"kind":"EventList","items":[${E},{"auditID":"`,
    [E, `cutOff: {"auditID":"`],
  ],
  ["a list cut within an escape", `[${E},{"auditID":"\\u00`, [E, `cutOff: {"auditID":"\\u00`]],
  ["a list cut before its items", `{"kind":"EventList","apiVer`, [`cutOff: "apiVer`]],
  ["a list cut after its items", `{"items":[${E}],"metadata":{"`, [E, `cutOff: "metadata":{"`]],
  ["an object cut off", `{"auditID":"a`, [`cutOff: {"auditID":"a`]],
  [
    "more items than the limit",
    `[${Array(10).fill("1").join()}]`,
    [...Array(9).fill("notObject: 1"), "tooMany: 1]"],
  ],
]
for (const [why, body, items] of quarantined) {
  test(`sliceEvents quarantines: ${why}`, () => {
    const limits = { depthMax: 4, itemBytesMax: 120, itemsMax: 9 }
    assert.deepEqual(read(body, limits)[1], items)
  })
}

test("sliceEvents quarantines what is not UTF-8, and the list goes on", () => {
  const bad: [why: string, bytes: number[]][] = [
    ["a continuation byte alone", [0x80]],
    ["an overlong slash", [0xc0, 0xaf]],
    ["an overlong three-byte form", [0xe0, 0x80, 0xaf]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["past U+10FFFF", [0xf4, 0x90, 0x80, 0x80]],
    ["a sequence cut short", [0xe2, 0x82]],
    ["a byte that never occurs", [0xff]],
  ]
  for (const [why, bytes] of bad) {
    const body = Buffer.concat([toBytes(`[{"x":"`), Uint8Array.from(bytes), toBytes(`"},${E}]`)])
    const { items } = sliceEvents(body)
    assert.deepEqual(
      items.map(({ quarantined }) => quarantined),
      ["utf8", undefined],
      why,
    )
  }
})

test("torn lines that nest into each other are not scanned for ever, and none is lost", () => {
  const body = toBytes(`{"a":\n`.repeat(30_000))
  const sliced = sliceEvents(body)
  assert.ok(sliced.items.length < 30_000)
  checkNothingLost(body, sliced)
  assert.deepEqual([...new Set(sliced.items.map(({ quarantined }) => quarantined))], ["depth"])
})

const refused: [why: string, body: string][] = [
  ["an empty body", ""],
  ["white space", " \n"],
  ["a web page", "<html><body>502</body></html>"],
  ["the legacy log format", `2026-07-24T10:11:12.3Z AUDIT: id="x" stage="ResponseComplete"`],
  ["numbers in a sentence", "12 drummers drumming"],
  ["YAML", "kind: Event\nstage: Panic\n"],
]
for (const [why, body] of refused) {
  test(`sliceEvents refuses ${why}`, () => {
    assert.throws(() => sliceEvents(toBytes(body)), { code: "event.notJson" })
  })
}

test("an item of 20 MB and a nesting bomb of 10 MB are taken in their stride", () => {
  const large = event(`,"requestObject":{"data":{"a":"${"x".repeat(20_000_000)}"}}`)
  assert.deepEqual(
    sliceEvents(toBytes(list(large, E))).items.map(({ start, end, quarantined }) => [
      end - start,
      quarantined,
    ]),
    [
      [large.length, undefined],
      [E.length, undefined],
    ],
  )
  const bomb = "[".repeat(10_000_000)
  assert.deepEqual(
    sliceEvents(toBytes(`[${E},${bomb}`)).items.map(({ quarantined }) => quarantined),
    [undefined, "depth"],
  )
})

test("hints say what metrics and redaction need", () => {
  const body = toBytes(
    event(
      `,"level":"Metadata","verb":"ge\\u0074","requestURI":"/a?token=1","user":{"username":"system:node:n1","groups":["system:nodes"]},` +
        `"objectRef":{"resource":"pods","subresource":"log"},"responseStatus":{"code":403}`,
    ),
  )
  assert.deepEqual(sliceEvents(body).items[0]?.hints, {
    stage: "ResponseComplete",
    level: "Metadata",
    verb: "get",
    resource: "pods",
    subresource: "log",
    code: 403,
    username: "system:node:n1",
    actor: "node",
    hasBody: false,
    signs: 32 + 1,
  })
})

const itemText = fc.json({ maxDepth: 4, noUnicodeString: false })
const space = fc.constantFrom("", " ", "\n", "\r\n\t")

test("slices joined are the array, and each is what JSON.parse sees", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(itemText, space, space), { maxLength: 12 }), (parts) => {
      const text = `[${parts.map(([item, before, after]) => before + item + after).join(",")}]`
      const bytes = toBytes(text)
      const { items } = sliceEvents(bytes)
      const texts = items.map(({ start, end }) => Buffer.from(bytes.subarray(start, end)).toString())
      assert.deepEqual(
        texts,
        parts.map(([item]) => item.trim()),
      )
      assert.deepEqual(
        texts.map((item) => JSON.parse(item)),
        JSON.parse(text),
      )
    }),
  )
})

/** Every byte is in an item or between two of them, and between them is nothing but separators. */
function checkNothingLost(bytes: Uint8Array, sliced: Sliced): void {
  let at = 0
  const between: number[] = []
  for (const { start, end } of sliced.items) {
    assert.ok(start >= at && end > start && end <= bytes.length)
    between.push(...bytes.subarray(at, start))
    at = end
  }
  between.push(...bytes.subarray(at))
  const text = Buffer.from(between).toString("latin1")
  assert.match(text, /^[[\],\s\0\x1e\xef\xbb\xbf]*$/)
}

test("corruption never throws anything but a refusal and never loses a byte", () => {
  const change = fc.record({
    at: fc.nat(),
    byte: fc.nat(255),
    kind: fc.constantFrom("set", "insert", "delete"),
  })
  fc.assert(
    fc.property(
      fc.array(itemText, { maxLength: 5 }),
      fc.array(change, { maxLength: 4 }),
      (items, changes) => {
        const bytes = [...toBytes(`[${[E, ...items].join(",")}]`)]
        for (const { at, byte, kind } of changes) {
          const place = bytes.length === 0 ? 0 : at % bytes.length
          bytes.splice(place, kind === "insert" ? 0 : 1, ...(kind === "delete" ? [] : [byte]))
        }
        const body = Uint8Array.from(bytes)
        try {
          checkNothingLost(body, sliceEvents(body))
        } catch (error) {
          if (!isRefusal(error, "event.notJson")) throw error
        }
      },
    ),
    { numRuns: 2000 },
  )
})

test("a list cut at any byte keeps its whole items and all of the rest", () => {
  const items = [event(',"x":"é\\u00e9\\"}"'), event(',"y":[1.5e3,true,null,{}]'), E]
  const body = toBytes(`[${items.join(" , ")}]`)
  for (let size = 1; size < body.length; size++) {
    const cut = body.subarray(0, size)
    const sliced = sliceEvents(cut)
    checkNothingLost(cut, sliced)
    const whole = sliced.items.filter(({ quarantined }) => quarantined === undefined)
    const cutOff = sliced.items.filter(({ quarantined }) => quarantined !== undefined)
    assert.ok(cutOff.length <= 1, `at ${size}`)
    assert.ok(
      cutOff.every(({ quarantined, end }) => quarantined === "cutOff" && end === cut.length),
      `at ${size}`,
    )
    whole.forEach(({ start, end }, i) => {
      assert.equal(Buffer.from(cut.subarray(start, end)).toString(), items[i], `at ${size}`)
    })
  }
})

test("the scanner takes exactly what JSON.parse takes", () => {
  const piece = fc.constantFrom(
    ...'{}[],:"\\-+.eE019tfn u/aé \n\u0001',
    "true",
    "false",
    "null",
    "\\u00e9",
    '"a":',
  )
  const text = fc.oneof(
    itemText,
    fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join("")),
  )
  fc.assert(
    fc.property(text, (candidate) => {
      const trimmed = candidate.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "")
      const bytes = toBytes(trimmed)
      const end = scanValue(createScan(bytes), 0, 0)
      assert.equal(end === bytes.length && bytes.length > 0, isJson(trimmed), JSON.stringify(trimmed))
    }),
    { numRuns: 5000 },
  )
})

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

test("quarantine codes fit into a record's line", () => {
  for (const [code, description] of Object.entries(QUARANTINE)) {
    assert.match(code, /^[\x21-\x7e]{1,32}$/)
    assert.ok(description.length > 5)
  }
})
