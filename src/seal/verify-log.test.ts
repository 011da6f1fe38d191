import assert from "node:assert/strict"
import { test } from "node:test"
import { toBytes } from "../base/bytes.ts"
import { blockLeafHash, formatBlock, NO_BLOCK } from "../tlog/block.ts"
import { encodeBundle } from "../tlog/bundle.ts"
import type { Checkpoint } from "../tlog/checkpoint.ts"
import { leafHash } from "../tlog/merkle.ts"
import { tilePath } from "../tlog/tile.ts"
import { appendToEdge, EMPTY_EDGE, edgeRoot } from "../tlog/tile-edge.ts"
import { type LogToVerify, type LogVerdict, verifyLog } from "./verify-log.ts"

const ORIGIN = "ledger.example.com/test"
const SEALED_AT = Date.UTC(2026, 0, 1) * 1000

type Files = {
  readonly files: Map<string, Uint8Array>
  tail: { number: number; text: Uint8Array }[]
  checkpoint: Checkpoint
}

/** A log of `size` blocks of ten records, `decided` more in its tail, told apart by `salt`. */
function logOf(size: number, { decided = 0, salt = 0 }: { decided?: number; salt?: number } = {}): Files {
  const files = new Map<string, Uint8Array>()
  const texts: Uint8Array[] = []
  let edge = EMPTY_EDGE
  let committed = EMPTY_EDGE
  let previous = NO_BLOCK
  for (let number = 0; number < size + decided; number++) {
    const root = leafHash(toBytes(`${number}/${salt}`))
    const text = formatBlock({
      origin: ORIGIN,
      number,
      first: number * 10,
      count: 10,
      root,
      sealedAt: SEALED_AT + number * 1e6,
      previous,
    })
    previous = blockLeafHash(text)
    texts.push(toBytes(text))
    const grown = appendToEdge(edge, previous)
    edge = grown.edge
    if (number < size) committed = edge
    for (const { tile, bytes } of grown.full) {
      files.set(tilePath(tile.level, tile.index), bytes)
      if (tile.level === 0) {
        files.set(
          tilePath("entries", tile.index),
          encodeBundle(texts.slice(tile.index * 256, tile.index * 256 + 256)),
        )
      }
    }
  }
  const full = Math.floor(size / 256) * 256
  const tail = texts.slice(full).map((text, i) => ({ number: full + i, text }))
  return { files, tail, checkpoint: { origin: ORIGIN, size, root: edgeRoot(committed) } }
}

function verify(log: Files, remembered?: Checkpoint): LogVerdict {
  const input: LogToVerify = {
    checkpoint: log.checkpoint,
    read: (path) => log.files.get(path),
    tail: log.tail,
    remembered,
  }
  return verifyLog(input)
}

const told = ({ damages }: LogVerdict): string[] =>
  damages.map(({ thing, cause, first, last }) => `${thing} ${cause} ${first}-${last}`)

const flip = (bytes: Uint8Array | undefined, at: number): Uint8Array => {
  const changed = Uint8Array.from(bytes ?? [])
  changed[at] = (changed[at] ?? 0) ^ 1
  return changed
}

test("a log that nobody touched is whole, at every kind of size", () => {
  for (const size of [1, 2, 255, 256, 257, 511, 512, 600]) {
    const verdict = verify(logOf(size), logOf(Math.ceil(size / 2)).checkpoint)
    assert.deepEqual(told(verdict), [])
    assert.equal(verdict.records, size * 10)
    assert.equal(verdict.newest, SEALED_AT + (size - 1) * 1e6)
  }
})

test("blocks decided after the checkpoint are fine when they follow it", () => {
  assert.deepEqual(told(verify(logOf(600, { decided: 3 }))), [])
})

const attacks: readonly [why: string, attack: (log: Files) => void, answer: readonly string[]][] = [
  [
    "a byte of a block text in a bundle",
    ({ files }) => files.set(tilePath("entries", 1), flip(files.get(tilePath("entries", 1)), 2 + 100)),
    ["block changed 256-256"],
  ],
  [
    "a bundle that is no bundle",
    ({ files }) => files.set(tilePath("entries", 0), new Uint8Array(3)),
    ["bundle changed 0-255"],
  ],
  ["a bundle removed", ({ files }) => files.delete(tilePath("entries", 1)), ["bundle missing 256-511"]],
  [
    "a byte of a tile",
    ({ files }) => files.set(tilePath(0, 1), flip(files.get(tilePath(0, 1)), 64)),
    ["tile changed 256-511"],
  ],
  ["a tile removed", ({ files }) => files.delete(tilePath(0, 0)), ["tile missing 0-255"]],
  [
    "two bundles and their tiles swapped",
    ({ files }) => {
      for (const level of [0, "entries"] as const) {
        const [a, b] = [files.get(tilePath(level, 0)), files.get(tilePath(level, 1))]
        if (a && b) files.set(tilePath(level, 0), b).set(tilePath(level, 1), a)
      }
    },
    [],
  ],
  ["the newest block texts cut off", ({ tail }) => tail.splice(-5), ["block truncated 595-599"]],
  [
    "another history under the same checkpoint",
    (log) => {
      const other = logOf(600, { salt: 1 })
      for (const [path, bytes] of other.files) log.files.set(path, bytes)
      log.tail = other.tail
    },
    ["checkpoint forked 0-599"],
  ],
]
for (const [why, attack, answer] of attacks) {
  test(`verifyLog tells: ${why}`, () => {
    const log = logOf(600)
    attack(log)
    const seen = told(verify(log))
    if (answer.length === 0) assert.notDeepEqual(seen, [])
    else
      assert.deepEqual(
        seen.filter((line) => !line.includes("calls itself")),
        answer,
      )
  })
}

test("a log shorter than remembered was truncated, one with another past was forked", () => {
  const long = logOf(600).checkpoint
  assert.deepEqual(told(verify(logOf(300), long)), ["checkpoint truncated 300-599"])
  assert.deepEqual(told(verify(logOf(600, { salt: 1 }), logOf(400).checkpoint)), ["checkpoint forked 0-399"])
})

test("every byte of a bundle and of a tile matters", () => {
  for (const path of [tilePath("entries", 0), tilePath(0, 0)]) {
    const log = logOf(257)
    const bytes = log.files.get(path) ?? new Uint8Array()
    for (let at = 0; at < bytes.length; at += 97) {
      log.files.set(path, flip(bytes, at))
      assert.notDeepEqual(told(verify(log)), [], `byte ${at} of ${path}`)
    }
  }
})
