import { sameBytes } from "../base/bytes.ts"
import { isRefusal, Refusal } from "../base/refusal.ts"
import { tilePath } from "../tlog/tile.ts"
import { rootFromTiles } from "../tlog/tile-proof.ts"
import type { LogState } from "./log-state.ts"
import { readLogTile } from "./log-tiles.ts"
import { checkpointOf } from "./remember.ts"

/**
 * Holds a log to a checkpoint it once signed. Returns why it must not go on: it is shorter, or it is another log of the
 * same name. The signature is not looked at: a false memory stops sealing, which a person then looks into, and a memory
 * overlooked would stop nothing.
 */
export function compareRemembered(
  log: string,
  { state }: { readonly state: LogState },
  remembered: string | undefined,
): Refusal | undefined {
  if (remembered === undefined) return undefined
  const { size } = state.edge
  try {
    const known = checkpointOf(remembered)
    if (known.size > size) {
      return new Refusal("ledger.shrunk", `this ledger has ${size} blocks, and it once had ${known.size}`, {
        size,
        rememberedSize: known.size,
      })
    }
    const root = rootFromTiles(known.size, (tile) => {
      const path = tilePath(tile.level, tile.index, tile.width)
      const bytes = readLogTile(log, state, path)
      if (bytes === undefined) throw new Refusal("tile.missing", `${path} is not in the ledger`)
      return bytes
    })
    if (sameBytes(root, known.root)) return undefined
    return new Refusal("ledger.forked", `the first ${known.size} blocks are not those that were once signed`)
  } catch (error) {
    if (!isRefusal(error)) throw error
    return new Refusal(
      "ledger.damaged",
      `cannot hold the log to what it once signed: ${error.message}`,
      {},
      error,
    )
  }
}
