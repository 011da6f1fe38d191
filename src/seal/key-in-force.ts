import { isRefusal, Refusal } from "../base/refusal.ts"
import { RESERVED } from "../event/record.ts"
import type { Journal } from "../journal/journal.ts"
import { openCheckpoint } from "../tlog/checkpoint.ts"
import { formatVerifierKey, type VerifierKey } from "../tlog/verifier-key.ts"
import { BLOCK_LIMITS } from "./block-limits.ts"
import { parseControl } from "./control.ts"
import { type KeyRotation, openKeyRotation } from "./key-rotation.ts"
import { checkpointOf } from "./remember.ts"
import type { FoundLog } from "./sealer.ts"

/**
 * Refuses `key.unknown` for a key of another ledger, before anything is compared with what is remembered of that one.
 * What cannot be read is said by others.
 */
export function refuseOtherOrigin({ checkpoint, trouble }: FoundLog, { name }: VerifierKey): void {
  if (trouble !== undefined) return
  const { origin } = checkpointOf(checkpoint)
  if (origin !== name)
    throw new Refusal(
      "key.unknown",
      `the key is that of the ledger ${name}, and this is the ledger ${origin}`,
    )
}

/**
 * Refuses `key.unknown` for a key that is not to sign the next checkpoint. That is the key of the last one; or, where a
 * crash came after a change of keys was journalled and before it was sealed, the new one.
 */
export async function refuseWrongKey(
  journal: Journal,
  found: FoundLog & { readonly signed: boolean },
  key: VerifierKey,
): Promise<void> {
  const rotation = await unsealedRotation(journal, found)
  if (rotation === undefined) {
    if (!found.signed) throw wrong("another key signed the last checkpoint")
  } else if (formatVerifierKey(rotation.newer) !== formatVerifierKey(key)) {
    throw wrong(`the log changed to the key ${formatVerifierKey(rotation.newer)}`)
  }

  function wrong(why: string): Refusal {
    return new Refusal("key.unknown", `${formatVerifierKey(key)} is not the key of this ledger: ${why}`)
  }
}

/** The last change of keys that is journalled and not sealed, by the key that signed the last checkpoint. */
async function unsealedRotation(journal: Journal, found: FoundLog): Promise<KeyRotation | undefined> {
  let last: KeyRotation | undefined
  for (let from = found.state.records; from < journal.next; ) {
    const records = await journal.read(from, BLOCK_LIMITS)
    for (const { kind, body } of records) {
      if (kind === RESERVED) last = rotationIn(body, found) ?? last
    }
    from = (records.at(-1)?.number ?? journal.next) + 1
  }
  return last
}

function rotationIn(body: Uint8Array, { checkpoint, state }: FoundLog): KeyRotation | undefined {
  try {
    const control = parseControl(body)
    if (control.kind !== "key.rotated") return undefined
    const rotation = openKeyRotation(control.value.note)
    openCheckpoint(checkpoint, [rotation.older])
    return rotation.lastSize === state.edge.size ? rotation : undefined
  } catch (error) {
    if (isRefusal(error)) return undefined // nobody's change of this log's key
    throw error
  }
}
