import { open } from "node:fs/promises"
import { resolve } from "node:path"
import { Refusal } from "../../base/refusal.ts"
import { saidOf } from "../../base/said.ts"
import { isBundle } from "../../tlog/receipt-bundle.ts"
import { verifyReceipt } from "../../tlog/receipt-check.ts"
import { checkBundle } from "../bundle-check.ts"
import { type Command, EXIT } from "../command.ts"
import { KEY_FLAG, keysOf, QUORUM_FLAG, quorumOf, REVOKED_FLAG, revokedOf } from "../key-option.ts"
import { receiptJson, receiptText } from "../receipt-text.ts"
import { trustReceipt } from "../receipt-trust.ts"
import { jsonLine } from "../terminal.ts"

export const receiptCheck: Command = {
  name: "receipt check",
  summary:
    "Check a receipt, or a bundle of them, with the ledger's public key alone and say what it proves. Needs no ledger and no network.",
  arguments: [{ name: "file", description: "the receipt or the bundle" }],
  options: [KEY_FLAG, REVOKED_FLAG, QUORUM_FLAG],
  examples: [
    "tallystick receipt check event-5.receipt --key ledger.example.com/prod+530d903a+AekyeRrm…",
    "tallystick receipt check event-5.receipt --key @ledger.vkey --key @witnesses.vkey --quorum 2",
    "tallystick receipt check case-17.bundle --key @ledger.vkey --json | jq -r .body",
  ],
  async run([file = ""], options, world) {
    const keys = await keysOf(options, world)
    const trust = { revoked: revokedOf(options, world.clock()), quorum: quorumOf(options, keys) }
    const path = resolve(world.cwd, file)
    const [first, rest] = await openFile(path)
    if (isBundle(first)) return await checkBundle(rest, { keys, trust, json: options.json === true }, world)
    const chunks: Uint8Array[] = []
    for await (const chunk of rest) chunks.push(chunk)
    const facts = verifyReceipt(Buffer.concat(chunks), keys)
    trustReceipt(facts, trust)
    if (options.json === true) world.stdout.write(jsonLine(receiptJson(facts)))
    else world.stdout.write(receiptText(facts, world))
    return EXIT.fine
  },
}

const START_BYTES = 64

/** How the file starts, and all of it as a stream. */
async function openFile(path: string): Promise<readonly [start: Uint8Array, all: AsyncIterable<Buffer>]> {
  try {
    const file = await open(path)
    const { bytesRead, buffer } = await file.read(Buffer.alloc(START_BYTES), 0, START_BYTES, 0)
    return [buffer.subarray(0, bytesRead), file.createReadStream({ start: 0 })]
  } catch (error) {
    throw new Refusal("input.unreadable", `cannot read ${path}: ${saidOf(error)}`, { path }, error)
  }
}
