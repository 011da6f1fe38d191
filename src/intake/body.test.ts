import assert from "node:assert/strict"
import { Readable } from "node:stream"
import { test } from "node:test"
import { deflateSync, gzipSync, zstdCompressSync } from "node:zlib"
import { type Incoming, readBody } from "./body.ts"
import { InFlight } from "./in-flight.ts"

const TEXT = Buffer.from(`{"items":[${'{"a":1},'.repeat(500)}{}]}`)
const BIG = Buffer.alloc(3_000_000, "x")

function incoming(chunks: readonly Uint8Array[], more: Partial<Incoming> = {}): Incoming {
  return {
    stream: Readable.from(chunks, { objectMode: true }),
    encoding: undefined,
    length: undefined,
    ...more,
  }
}
function rules(more: { readonly bytesMax?: number; readonly budget?: number; readonly ms?: number } = {}) {
  const inFlight = new InFlight(more.budget ?? 100_000_000)
  const hold = inFlight.open("a")
  return { inFlight, hold, bodyBytesMax: more.bytesMax ?? 1_000_000, requestTimeoutMs: more.ms ?? 10_000 }
}
const inPieces = (bytes: Uint8Array, size: number) =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size))

const whole: [why: string, Incoming][] = [
  ["with its length", incoming([TEXT], { length: TEXT.length })],
  ["in pieces with its length", incoming(inPieces(TEXT, 7), { length: TEXT.length })],
  ["in pieces without", incoming(inPieces(TEXT, 100))],
  ["named identity", incoming([TEXT], { encoding: "identity" })],
  ["gzip", incoming([gzipSync(TEXT)], { encoding: "gzip" })],
  ["gzip by its old name, in capitals", incoming([gzipSync(TEXT)], { encoding: " X-GZIP " })],
  [
    "gzip in two members",
    incoming([gzipSync(TEXT.subarray(0, 99)), gzipSync(TEXT.subarray(99))], { encoding: "gzip" }),
  ],
  ["deflate", incoming(inPieces(deflateSync(TEXT), 10), { encoding: "deflate" })],
  ["zstd", incoming([zstdCompressSync(TEXT)], { encoding: "zstd", length: zstdCompressSync(TEXT).length })],
  [
    "zstd in two frames",
    incoming([zstdCompressSync(TEXT.subarray(0, 9)), zstdCompressSync(TEXT.subarray(9))], {
      encoding: "zstd",
    }),
  ],
]
for (const [why, body] of whole) {
  test(`readBody takes a body ${why}`, async () => {
    const limits = rules()
    assert.deepEqual(Buffer.from(await readBody(body, limits)), TEXT)
    assert.ok(limits.inFlight.used >= TEXT.length, "its bytes are covered")
    limits.hold.release()
    assert.equal(limits.inFlight.used, 0)
  })
}

const broken: [why: string, code: string, Incoming, more?: Parameters<typeof rules>[0]][] = [
  ["announces too much", "body.tooLarge", incoming([BIG], { length: BIG.length })],
  ["turns out too large", "body.tooLarge", incoming(inPieces(BIG.subarray(0, 1_500_000), 65_536))],
  ["unpacks to too much (gzip)", "body.tooLarge", incoming([gzipSync(BIG)], { encoding: "gzip" })],
  ["unpacks to too much (zstd)", "body.tooLarge", incoming([zstdCompressSync(BIG)], { encoding: "zstd" })],
  ["unpacks to too much (deflate)", "body.tooLarge", incoming([deflateSync(BIG)], { encoding: "deflate" })],
  [
    "is over the sender's share",
    "intake.overBudget",
    incoming([TEXT], { length: TEXT.length }),
    { budget: 12_000 },
  ],
  ["grows over the sender's share", "intake.overBudget", incoming(inPieces(TEXT, 9)), { budget: 12_000 }],
  [
    "unpacks over the sender's share",
    "intake.overBudget",
    incoming([gzipSync(TEXT)], { encoding: "gzip" }),
    { budget: 12_000 },
  ],
  ["has an unknown encoding", "body.encoding", incoming([TEXT], { encoding: "br" })],
  ["has two encodings", "body.encoding", incoming([TEXT], { encoding: "gzip, gzip" })],
  ["is not gzip though it says so", "body.damaged", incoming([TEXT], { encoding: "gzip" })],
  ["is cut gzip", "body.damaged", incoming([gzipSync(TEXT).subarray(0, -9)], { encoding: "gzip" })],
  ["is shorter than announced", "body.cut", incoming([TEXT], { length: TEXT.length + 1 })],
  ["is longer than announced", "body.cut", incoming([TEXT], { length: TEXT.length - 1 })],
]
for (const [why, code, body, more] of broken) {
  test(`readBody refuses a body that ${why}`, async () => {
    const limits = rules(more)
    await assert.rejects(readBody(body, limits), { code })
    limits.hold.release()
    assert.equal(limits.inFlight.used, 0)
    assert.equal(body.stream.readableEnded, true, "read to its end")
  })
}

test("readBody stops waiting for a body that does not end", async () => {
  const stream = new Readable({ read: () => undefined })
  stream.push("[")
  await assert.rejects(readBody({ stream, encoding: undefined, length: undefined }, rules({ ms: 20 })), {
    code: "body.slow",
  })
})

test("readBody notices a sender that leaves", async () => {
  const stream = new Readable({ read: () => undefined })
  const reading = readBody({ stream, encoding: undefined, length: 10 }, rules())
  stream.destroy(new Error("ECONNRESET"))
  await assert.rejects(reading, { code: "body.cut" })
})

test("readBody gives up on a refused body that goes on for too long", async () => {
  let pushed = 0
  const stream = new Readable({
    read() {
      pushed += 65_536
      this.push(Buffer.alloc(65_536))
    },
  })
  await assert.rejects(readBody({ stream, encoding: undefined, length: undefined }, rules()), {
    code: "body.tooLarge",
  })
  assert.ok(pushed < 4_000_000)
  stream.destroy()
})

test("readBody invites a body only when it wants it", async () => {
  let invited = 0
  const proceed = () => void invited++
  await readBody(incoming([TEXT], { length: TEXT.length, proceed }), rules())
  assert.equal(invited, 1)
  await assert.rejects(readBody(incoming([BIG], { length: BIG.length, proceed }), rules()), {
    code: "body.tooLarge",
  })
  assert.equal(invited, 1)
})
