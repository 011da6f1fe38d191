import { isRefusal } from "../base/refusal.ts"
import { type Incoming, readBody } from "./body.ts"
import type { Hold, InFlight } from "./in-flight.ts"
import type { IntakeLimits } from "./limits.ts"

/** One POST, already authenticated. */
export type Post = Incoming & {
  /** Name of the credential: whose share of the bytes in flight it uses. */
  readonly sender: string
  readonly source: string
}

/** Events that never became records, for a `loss` record: what is known of them. */
export type Loss = { readonly source: string; readonly why: "body.tooLarge"; readonly bytesSeen: number }

export type TakeBody = {
  readonly inFlight: InFlight
  readonly limits: Pick<IntakeLimits, "bodyBytesMax" | "requestTimeoutMs">
  /** Told of every body, durable or not, once it is whole. */
  readonly onBody?: (bytes: number) => void
  readonly onLoss?: (loss: Loss) => void
}

/**
 * Reads the body of a post and hands it to `keep`; its bytes count as in flight until that has ended, and what
 * `keep` covers besides. What is refused
 * for its size is told as a loss: its sender, as a rule, does not send it again.
 */
export async function takeBody<T>(
  { inFlight, limits, onBody, onLoss }: TakeBody,
  post: Post,
  keep: (body: Uint8Array, hold: Hold) => Promise<T>,
): Promise<T> {
  const hold = inFlight.open(post.sender)
  try {
    const body = await readBody(post, { ...limits, hold })
    onBody?.(body.length)
    return await keep(body, hold)
  } catch (error) {
    if (isRefusal(error, "body.tooLarge")) {
      onLoss?.({ source: post.source, why: "body.tooLarge", bytesSeen: Number(error.facts.bytesSeen) })
    }
    throw error
  } finally {
    hold.release()
  }
}
