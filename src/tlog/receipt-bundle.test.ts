import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { fc } from "../../test/support/properties.ts"
import { corruptions, ifAccepted, truncations } from "../../test/support/hostile.ts"
import { logFiles } from "../../test/worked-example.ts"
import { toBytes, utf8 } from "../base/bytes.ts"
import {
  BUNDLE_RECEIPTS_MAX,
  formatBundled,
  formatBundleHead,
  isBundle,
  openBundle,
} from "./receipt-bundle.ts"
import { type JudgedReceipt, openBundleCheck } from "./receipt-bundle-check.ts"

const FILES = logFiles()
const [BUNDLE = "", KEY = "", SECOND = "", THIRD = ""] = [
  "bundle-v1.txt",
  "verifier-key.txt",
  "receipt-v1.txt",
  "receipt-base64-v1.txt",
].map((name) => FILES[name])
const KEYS = [KEY.trimEnd()]
const ORIGIN = "ledger.example.com/prod"

function bundleOf(
  receipts: readonly string[],
  head = { origin: ORIGIN, count: receipts.length },
): Uint8Array {
  return toBytes(formatBundleHead(head) + receipts.map(formatBundled).join(""))
}

function judge(bundle: Uint8Array): readonly JudgedReceipt[] {
  const check = openBundleCheck(KEYS)
  const judged = check.push(bundle)
  check.end()
  return judged
}

/** `record` or the code of the refusal, for each receipt. */
function told(judged: readonly JudgedReceipt[]): readonly (number | string)[] {
  return judged.map((each) => ("facts" in each ? each.facts.record : each.refused.code))
}

test("every receipt of a bundle is proved by itself", () => {
  assert.ok(isBundle(toBytes(BUNDLE)))
  assert.ok(!isBundle(toBytes(SECOND)))
  assert.deepEqual(told(judge(toBytes(BUNDLE))), [2, 3])
})

test("however the file comes in pieces, the receipts are the same", () => {
  const bytes = toBytes(BUNDLE)
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1 }), (sizes) => {
      const reader = openBundle()
      const receipts: Uint8Array[] = []
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        const size = sizes[turn % sizes.length] ?? 1
        receipts.push(...reader.push(bytes.subarray(at, at + size)))
        at += size
      }
      assert.equal(reader.end().count, 2)
      assert.deepEqual(receipts.map(utf8), [SECOND, THIRD])
    }),
  )
})

test("no byte can be altered outside signature lines of keys the checker was not given", () => {
  const bytes = toBytes(BUNDLE)
  for (const { at, bytes: changed } of corruptions(bytes)) {
    const judged = ifAccepted(() => judge(changed))
    if (judged === undefined || judged.some((each) => "refused" in each)) continue
    const line =
      BUNDLE.slice(0, utf8(bytes.subarray(0, at))?.length ?? at)
        .split("\n")
        .at(-1) ?? ""
    assert.ok(line.startsWith("— witness") || "— witness".startsWith(line), `byte ${at} of ${line}`)
  }
})

test("a bundle that is cut off is refused, wherever", () => {
  for (const bytes of truncations(toBytes(BUNDLE)))
    assert.throws(() => judge(bytes), { code: "receipt.malformed" }, `cut at ${bytes.length}`)
})

describe("what is no bundle that was made", () => {
  const other = SECOND.replaceAll(ORIGIN, "ledger.example.com/test")
  const rows: [why: string, bundle: Uint8Array, told: readonly (number | string)[] | RegExp][] = [
    [
      "one receipt altered costs no other",
      bundleOf([SECOND.replace("admin", "nobod"), THIRD]),
      ["receipt.refuted", 3],
    ],
    ["the order of records turned", bundleOf([THIRD, SECOND]), [3, "receipt.refuted"]],
    ["one record twice", bundleOf([SECOND, SECOND]), [2, "receipt.refuted"]],
    ["a receipt of another ledger", bundleOf([other]), ["note.unsigned"]],
    [
      "the head names another ledger",
      bundleOf([SECOND], { origin: "example.org/x", count: 1 }),
      /its receipts are of/,
    ],
    ["fewer than the head says", bundleOf([SECOND], { origin: ORIGIN, count: 2 }), /cut off after 1 of 2/],
    ["more than the head says", bundleOf([SECOND, THIRD], { origin: ORIGIN, count: 1 }), /something follows/],
    ["none at all", bundleOf([]), /1 to 100000/],
    ["too many", bundleOf([], { origin: ORIGIN, count: BUNDLE_RECEIPTS_MAX + 1 }), /1 to 100000/],
    ["a size with a leading zero", toBytes(BUNDLE.replace("receipt 1", "receipt 01")), /is expected/],
    ["a size beyond any receipt", toBytes(BUNDLE.replace(/receipt \d+/, "receipt 999999999")), /is expected/],
    ["no line ends", toBytes("tallystick/bundle/v1".padEnd(600, "x")), /longer than any/],
  ]
  for (const [why, bundle, expected] of rows) {
    test(why, () => {
      if (expected instanceof RegExp) assert.throws(() => judge(bundle), { message: expected })
      else assert.deepEqual(told(judge(bundle)), expected)
    })
  }
})
