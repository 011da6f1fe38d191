import { createHash } from "node:crypto"
import { Refusal } from "../base/refusal.ts"
import { type AuditFlags, auditFlagsIn } from "../connect/index.ts"
import type { NewRecord } from "../event/record.ts"
import { controlRecord } from "../journal/control-kind.ts"
import { did, parseControl } from "../seal/control.ts"

/**
 * A policy put in force, as the ledger's own record says it (docs/FORMAT.md, `did`): for which source, by whom, and its
 * exact text. It holds until the next one for that source.
 */
export type PolicyInForce = {
  readonly source: string
  readonly by: string
  readonly sha256: string
  readonly text: string
  /** What the server is said to run with: the file that says so by its hash, and its audit flags. */
  readonly server?: ServerEvidence
}

export type ServerEvidence = { readonly sha256: string; readonly bytes: number; readonly flags: AuditFlags }

/** Name of the `did`; bundles carry these records along. */
export const IN_FORCE = "policy.inForce"

/** A text in a control record has an end (64 KiB); policies may be longer, so theirs stands in parts. */
const PART_LENGTH = 32 * 1024

export function policyInForce(facts: Omit<PolicyInForce, "sha256">): PolicyInForce {
  return { ...facts, sha256: createHash("sha256").update(facts.text).digest("hex") }
}

/** The audit flags in a file's text, with the file's hash: the file itself holds keys and is not kept. */
export function serverEvidence(text: string, name: string): ServerEvidence {
  const bytes = Buffer.from(text)
  const sha256 = createHash("sha256").update(bytes).digest("hex")
  return { sha256, bytes: bytes.length, flags: auditFlagsIn(text, name) }
}

/** Whether two declare the same: policy and flags. */
export function isSameInForce(a: PolicyInForce, b: PolicyInForce): boolean {
  return a.sha256 === b.sha256 && a.server?.sha256 === b.server?.sha256
}

/** Refuses `policy.illegal` for a text that has no UTF-8: it would not come back as it was. */
export function policyRecord({ source, by, sha256, text, server }: PolicyInForce): NewRecord {
  if (!text.isWellFormed()) throw new Refusal("policy.illegal", "the policy is no well-formed text")
  const parts: [string, string][] = []
  for (let at = 0; at < text.length; ) {
    // A pair of surrogates is one character and stays in one part.
    const whole = text.slice(at, at + PART_LENGTH)
    const part = whole.isWellFormed() ? whole : whole.slice(0, -1)
    parts.push(["text", part])
    at += part.length
  }
  const bytes = String(Buffer.byteLength(text))
  const facts: [string, string][] = [
    ["source", source],
    ["sha256", sha256],
    ["bytes", bytes],
    ["by", by],
    ...serverFacts(server),
  ]
  return controlRecord(did.format({ what: IN_FORCE, facts: [...facts, ...parts] }))
}

function serverFacts(server: ServerEvidence | undefined): [string, string][] {
  if (server === undefined) return []
  return [
    ["serverSha256", server.sha256],
    ["serverBytes", String(server.bytes)],
    ...server.flags.map((flag): [string, string] => ["flag", flag]),
  ]
}

/** Undefined for another record, and for one whose text is not the one its hash names. */
export function parsePolicyRecord(body: Uint8Array): PolicyInForce | undefined {
  const control = parseControl(body)
  if (control.kind !== "did" || control.value.what !== IN_FORCE) return undefined
  const { facts } = control.value
  const fact = (name: string): string => facts.find(([key]) => key === name)?.[1] ?? ""
  const all = (name: string): readonly string[] =>
    facts.flatMap(([key, value]) => (key === name ? [value] : []))
  const sha256 = fact("serverSha256")
  const server = { sha256, bytes: Number(fact("serverBytes")), flags: all("flag") }
  const found = policyInForce({
    ...{ source: fact("source"), by: fact("by"), text: all("text").join("") },
    ...(sha256 === "" ? {} : { server }),
  })
  return found.sha256 === fact("sha256") ? found : undefined
}

/** Whether a policy for `scope` is the policy of `source`: the very source, or all below a cluster. */
export function isPolicyOf(scope: string, source: string): boolean {
  return scope === source || source.startsWith(`${scope}/`)
}
