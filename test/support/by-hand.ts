/**
 * docs/FORMAT.md followed by hand: nothing of src/ is used here, so that what it agrees with is the page and not the code.
 * For ledgers of fewer than 256 blocks whose journal has forgotten nothing.
 */
import assert from "node:assert/strict"
import { createCipheriv, createHash, createPublicKey, verify } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"

export type ByHand = { readonly size: number; readonly records: number; readonly bodies: readonly Buffer[] }

const sha256 = (...parts: readonly (Uint8Array | string)[]): Buffer => {
  const hash = createHash("sha256")
  for (const part of parts) hash.update(part)
  return hash.digest()
}
export const leafOf = (text: Uint8Array | string): Buffer => sha256(Buffer.of(0), text)

/** RFC 6962 §2.1, as it is written there. */
export function rootOf(leaves: readonly Buffer[]): Buffer {
  const [only] = leaves
  if (only === undefined) return sha256()
  if (leaves.length === 1) return only
  let k = 1
  while (k * 2 < leaves.length) k *= 2
  return sha256(Buffer.of(1), rootOf(leaves.slice(0, k)), rootOf(leaves.slice(k)))
}

/** Checks signature, root, chain and every record of every block. The key is that of `tallystick keys show --public`. */
export function checkByHand(dir: string, verifierKey: string): ByHand {
  const { origin, size, root } = openCheckpoint(
    readFileSync(join(dir, "log/checkpoint"), "utf8"),
    verifierKey,
  )
  const tail = readFileSync(join(dir, "log/tail"), "latin1").trimEnd().split("\n")
  const blocks = tail.slice(0, size).map((line) => {
    const [word, number, seed = "", text = ""] = line.split(" ")
    assert.equal(word, "block")
    return {
      number: Number(number),
      seed: Buffer.from(seed, "hex"),
      text: Buffer.from(text, "base64").toString(),
    }
  })
  assert.deepEqual(rootOf(blocks.map(({ text }) => leafOf(text))), root)

  const records = journalIn(dir)
  let next = 0
  let before: Buffer = Buffer.alloc(32)
  for (const [index, { number, seed, text }] of blocks.entries()) {
    const [format, named, place, range = "", recordRoot = "", , chain = ""] = text.split("\n")
    assert.deepEqual([format, named, place, number], ["tallystick/block/v1", origin, String(index), index])
    const [first = 0, count = 0] = range.split(" ").map(Number)
    assert.equal(first, next)
    assert.equal(chain, before.toString("base64"))
    const cipher = createCipheriv("aes-128-ctr", seed, Buffer.alloc(16))
    const salts = cipher.update(Buffer.alloc(16 * count))
    const hashes = records.slice(first, first + count).map(({ head, body }, i) => {
      const digest = sha256(salts.subarray(16 * i, 16 * i + 16), body).toString("base64")
      const [receivedAt, source, n, kind, ...words] = head
      const line = ["tallystick/record/v1", receivedAt, source, n, kind, body.length, digest, ...words].join(
        " ",
      )
      return leafOf(`${line}\n`)
    })
    assert.equal(rootOf(hashes).toString("base64"), recordRoot, `block ${index}`)
    before = leafOf(text)
    next = first + count
  }
  return { size, records: next, bodies: records.slice(0, next).map(({ body }) => body) }
}

export function openCheckpoint(note: string, verifierKey: string) {
  const [, name = "", packed = ""] = /^(.+?)\+[0-9a-f]{8}\+(.+)$/.exec(verifierKey) ?? [] // base64 has a + too
  const signed = note.slice(0, note.indexOf("\n\n") + 1)
  const line = note.split("\n").find((one) => one.startsWith(`— ${name} `)) ?? ""
  const signature = Buffer.from(line.split(" ")[2] ?? "", "base64").subarray(4)
  // RFC 8410: what stands before the 32 bytes of an Ed25519 key in DER.
  const der = Buffer.concat([
    Buffer.from("302a300506032b6570032100", "hex"),
    Buffer.from(packed, "base64").subarray(1),
  ])
  const key = createPublicKey({ key: der, format: "der", type: "spki" })
  assert.ok(verify(null, Buffer.from(signed), key, signature), "the signature")
  const [origin = "", size = "", root = ""] = signed.split("\n")
  return { origin, size: Number(size), root: Buffer.from(root, "base64") }
}

/** The journal's lines in order; whether their CRC is right, others check. */
function journalIn(dir: string): { readonly head: readonly string[]; readonly body: Buffer }[] {
  const bytes = readdirSync(join(dir, "journal"))
    .filter((name) => name.endsWith(".journal"))
    .sort()
    .map((name) => readFileSync(join(dir, "journal", name)))
  return Buffer.concat(bytes)
    .toString("latin1")
    .trimEnd()
    .split("\n")
    .filter((line) => !line.startsWith("commit "))
    .map((line) => {
      const tab = line.indexOf("\t")
      const [, ...head] = line.slice(0, tab).split(" ")
      const stored = line.slice(tab + 1)
      const body = head.pop() === "base64" ? Buffer.from(stored, "base64") : Buffer.from(stored, "latin1")
      return { head, body }
    })
}
