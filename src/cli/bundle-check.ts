import { utf8 } from "../base/bytes.ts"
import { formatMicros } from "../base/time.ts"
import { parseEvent } from "../event/parse.ts"
import { RESERVED } from "../event/record.ts"
import { summarise } from "../event/summary.ts"
import { type JudgedReceipt, openBundleCheck } from "../tlog/receipt-bundle-check.ts"
import type { ReceiptFacts } from "../tlog/receipt-check.ts"
import { EXIT, type ExitCode, type World } from "./command.ts"
import { ownText } from "./own-text.ts"
import { receiptJson } from "./receipt-text.ts"
import { type ReceiptTrust, trustReceipt } from "./receipt-trust.ts"
import { escapeText, jsonLine, paintFor } from "./terminal.ts"

/** A line is a record; the exact bytes are in the bundle. */
const SHOWN_LENGTH_MAX = 200

/**
 * Checks a bundle as it is read, prints a line for each receipt and a verdict over all. One that is refuted is told with
 * its place and costs no other; the answer is then bad.
 */
export async function checkBundle(
  file: AsyncIterable<Uint8Array>,
  {
    keys,
    trust,
    json,
  }: { readonly keys: readonly string[]; readonly trust: ReceiptTrust; readonly json: boolean },
  world: World,
): Promise<ExitCode> {
  const paint = paintFor(world.stdout, world.env)
  const check = openBundleCheck(keys, (facts) => trustReceipt(facts, trust))
  const found = { proved: 0, refuted: 0 }
  let last: ReceiptFacts | undefined
  for await (const chunk of file) {
    for (const judged of check.push(chunk)) {
      if ("facts" in judged) last = judged.facts
      found["facts" in judged ? "proved" : "refuted"] += 1
      const line = json ? jsonLine(jsonOf(judged)) : `${lineOf(judged, paint.red)}\n`
      if (!world.stdout.write(line)) await world.stdout.drained()
    }
  }
  const { origin } = check.end()
  const answer = found.refuted === 0 ? "proved" : "refuted"
  if (json) world.stdout.write(jsonLine({ answer, origin, ...found }))
  else {
    const head = answer === "proved" ? paint.green(answer) : paint.red(answer)
    const many = `${found.proved} of ${found.proved + found.refuted} records of ${escapeText(origin)}`
    const under = last === undefined ? "" : `, under its checkpoint of ${last.checkpoint.size} blocks`
    world.stdout.write(`${head}: ${many}${under}\n`)
    world.stdout.write(
      "  a bundle proves what is in it, and not that nothing else happened: for that, verify the ledger\n",
    )
  }
  return found.refuted === 0 ? EXIT.fine : EXIT.bad
}

function jsonOf(judged: JudgedReceipt): unknown {
  if ("facts" in judged) return receiptJson(judged.facts)
  const { code, message } = judged.refused
  return { answer: "refuted", receipt: judged.index, code, why: message }
}

function lineOf(judged: JudgedReceipt, red: (text: string) => string): string {
  if ("refused" in judged)
    return `${red("refuted")}  receipt ${judged.index}: ${escapeText(judged.refused.message)}`
  const { record, line, body } = judged.facts
  return `proved   record ${record}, ${line.source} at ${formatMicros(line.receivedAt)}: ${escapeText(saidBy(line.kind, body))}`
}

function saidBy(kind: string, body: Uint8Array | undefined): string {
  if (body === undefined) return "body withheld"
  const own = kind === RESERVED ? ownText(body) : undefined
  const event = own === undefined ? parseEvent(body) : undefined
  const text = own ?? (event === undefined ? (utf8(body) ?? `${body.length} bytes`) : summarise(event))
  return text.length > SHOWN_LENGTH_MAX ? `${text.slice(0, SHOWN_LENGTH_MAX)}…` : text
}
