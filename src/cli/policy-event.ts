import { resolve } from "node:path"
import { Refusal } from "../base/refusal.ts"
import type { Attributes } from "../policy/policy.ts"
import { createSightingReader } from "../policy/sighting.ts"
import { attributesSeen } from "../policy/traffic.ts"
import { quote } from "../query/quote.ts"
import type { Options, World } from "./command.ts"
import { readPolicyText } from "./policy-file.ts"
import { queryLocal } from "./query-local.ts"
import { recordNumber } from "./record-number.ts"
import { openRemote, queryRemote } from "./remote.ts"
import { BODY_FIELDS, bodyOf } from "./row-body.ts"

/** Whether a command line names a recorded event instead of the parts of a request. */
export function isOfEvent({ event, auditId, record }: Options): boolean {
  return event !== undefined || auditId !== undefined || record !== undefined
}

/** What the policy was asked when the event was made. Refuses `usage`, `record.unknown`, and what is no event. */
export async function requestOfEvent(options: Options, world: World): Promise<Attributes> {
  const { event, auditId, record, as: user, verb, url } = options
  const named = [event, auditId, record].filter((given) => given !== undefined).length
  if (named > 1 || user !== undefined || verb !== undefined || url !== undefined) {
    throw new Refusal("usage", "give one of --event, --audit-id and --record, without --as, --verb and --url")
  }
  const bytes =
    typeof event === "string"
      ? Buffer.from((await readPolicyText(event, world)).trim())
      : await recordedEvent(options, world)
  const sighting = createSightingReader()(bytes)
  if (sighting === undefined) throw new Refusal("event.notJson", "expected one audit event as JSON")
  return attributesSeen(sighting)
}

async function recordedEvent(options: Options, world: World): Promise<Uint8Array> {
  const { auditId, record, dir, server } = options
  const which =
    typeof record === "string" ? `record:=${recordNumber(record)}` : `auditID:=${quote(String(auditId))}`
  const query = `${which} kind:=k8s.audit | limit 1 | fields ${BODY_FIELDS}`
  if ((typeof dir === "string") === (typeof server === "string"))
    throw new Refusal("usage", "expected --dir or --server, where the event is recorded")
  const rows =
    typeof server === "string"
      ? queryRemote(await openRemote(server, options, world), query)
      : queryLocal(resolve(world.cwd, String(dir)), query, world)
  for await (const row of rows) {
    const body = bodyOf(row)
    if (body !== undefined) return body
  }
  throw new Refusal("record.unknown", `no event answers ${which}`)
}
