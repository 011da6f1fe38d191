import assert from "node:assert/strict"
import { test } from "node:test"
import { gzipSync, zstdCompressSync } from "node:zlib"
import { decompressBody, decompressed } from "./decompress.ts"

const text = "one\ntwo\n"
const gzip = gzipSync(text)
const zstd = zstdCompressSync(text)
const join = (...parts: Uint8Array[]) => Buffer.concat(parts)

const read: [why: string, bytes: Uint8Array, content: string][] = [
  ["nothing at all", Buffer.alloc(0), ""],
  ["plain text is left alone", Buffer.from(text), text],
  ["plain text shorter than a magic number", Buffer.from("x"), "x"],
  ["one gzip member", gzip, text],
  ["one zstd frame", zstd, text],
  ["gzip members in a row are one content (RFC 1952 §2.2)", join(gzip, gzip, gzip), text.repeat(3)],
  [
    "zstd frames in a row are one content; Node stops after the first",
    join(zstd, zstd, zstd),
    text.repeat(3),
  ],
  ["zeros after the end are padding", join(gzip, Buffer.alloc(700)), text],
  ["an empty gzip member", join(gzipSync(""), gzip), text],
]
for (const [why, bytes, content] of read) {
  for (const chunkBytes of [1, 7, 1 << 16]) {
    test(`decompressed reads in chunks of ${chunkBytes}: ${why}`, async () => {
      assert.equal(await collect(bytes, chunkBytes), content)
    })
  }
}

const refused: [why: string, bytes: Uint8Array, before: string][] = [
  ["gzip cut in its trailer: what was whole is given first", gzip.subarray(0, -3), text],
  ["zstd cut in the middle", zstd.subarray(0, -4), ""],
  [
    "a second gzip member with a damaged magic; Node drops it in silence",
    join(gzip, Buffer.from("junk")),
    text,
  ],
  ["something else after a zstd frame; Node drops it in silence", join(zstd, Buffer.from("junk")), text],
  ["a flipped bit in gzip data", flip(gzip, 12), ""],
  ["a wrong checksum", flip(gzip, gzip.length - 7), text],
]
for (const [why, bytes, before] of refused) {
  for (const chunkBytes of [1, 1 << 16]) {
    test(`decompressed refuses in chunks of ${chunkBytes}: ${why}`, async () => {
      let content = ""
      await assert.rejects(
        async () => {
          for await (const part of decompressed(cut(bytes, chunkBytes)))
            content += Buffer.from(part).toString()
        },
        { code: "body.damaged" },
      )
      assert.ok(content.startsWith(before) || text.startsWith(content), content)
    })
  }
}

test("decompressed closes its input when the reader leaves early", async () => {
  let closed = false
  async function* endless() {
    try {
      yield gzip
      for (;;) yield gzip
    } finally {
      closed = true
    }
  }
  for await (const _ of decompressed(endless())) break
  assert.ok(closed)
})

test("decompressBody takes both frames of a body and stops at its limit", async () => {
  assert.equal(
    Buffer.from(await decompressBody(join(zstd, zstd), "zstd", { bytesMax: 16 })).toString(),
    text.repeat(2),
  )
  await assert.rejects(decompressBody(gzipSync(Buffer.alloc(50_000_000)), "gzip", { bytesMax: 1000 }), {
    code: "body.tooLarge",
  })
  await assert.rejects(decompressBody(gzip, "br", { bytesMax: 1000 }), { code: "body.encoding" })
  await assert.rejects(decompressBody(gzip, undefined, { bytesMax: 8 }), { code: "body.tooLarge" })
})

test("a large content passes through unchanged", async () => {
  const large = Array.from({ length: 200_000 }, (_, i) => `${i} ${Math.imul(i, 2654435761)}\n`).join("")
  const chunks = join(zstdCompressSync(large.slice(0, 1_000_001)), zstdCompressSync(large.slice(1_000_001)))
  assert.ok((await collect(chunks, 1 << 16)) === large)
})

async function collect(bytes: Uint8Array, chunkBytes: number): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const part of decompressed(cut(bytes, chunkBytes))) parts.push(part)
  return Buffer.concat(parts).toString()
}

async function* cut(bytes: Uint8Array, chunkBytes: number): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes)
}

function flip(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy[at] = (copy[at] ?? 0) ^ 0x40
  return copy
}
