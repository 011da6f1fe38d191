import { assert } from "../base/assert.ts"

/**
 * Bytes taken from senders and not yet durable, shared so that no sender can starve another.
 *
 * The rule is the dynamic threshold of shared-memory switches (Choudhury and Hahne 1998): a sender may take bytes as
 * long as, afterwards, it holds no more than what is still free. One loud sender alone gets half of all; two get a
 * third each; N get 1/(N+1) each, so a quiet one always finds as much free as the loudest holds. Nothing is
 * configured per sender, and nobody waits in a queue: who is over its share hears 503 and comes back.
 * Another share than half (`percentMax`) weighs what is free: holds ≤ free × percent / (100 − percent).
 */
export class InFlight {
  readonly bytesMax: number
  readonly #percentMax: number
  readonly #held = new Map<string, number>()
  #used = 0

  constructor(bytesMax: number, percentMax = 50) {
    this.bytesMax = bytesMax
    this.#percentMax = percentMax
  }

  /** Bytes held by all. */
  get used(): number {
    return this.#used
  }

  /** An empty hold for one body of `sender`, to be grown as it arrives and released when it is durable or refused. */
  open(sender: string): Hold {
    return new Hold(this, sender)
  }

  /** True when `sender` now holds `bytes` more; they must come back by {@link give}. */
  take(sender: string, bytes: number): boolean {
    const holds = (this.#held.get(sender) ?? 0) + bytes
    const free = this.bytesMax - this.#used - bytes
    if (free < 0 || holds * (100 - this.#percentMax) > free * this.#percentMax) return false
    this.#held.set(sender, holds)
    this.#used += bytes
    return true
  }

  give(sender: string, bytes: number): void {
    const holds = (this.#held.get(sender) ?? 0) - bytes
    assert(holds >= 0, "a sender gives back no more than it took")
    // Forgotten at zero: names of senders that left cost nothing.
    if (holds === 0) this.#held.delete(sender)
    else this.#held.set(sender, holds)
    this.#used -= bytes
  }
}

/** A body arriving in pieces asks for this much at a time. */
const STEP_BYTES = 1 << 20

/** What one body holds of {@link InFlight}. */
export class Hold {
  readonly #inFlight: InFlight
  readonly #sender: string
  #bytes = 0

  constructor(inFlight: InFlight, sender: string) {
    this.#inFlight = inFlight
    this.#sender = sender
  }

  /** True when at least `bytes` in all are held now. */
  cover(bytes: number): boolean {
    const more = bytes - this.#bytes
    if (more <= 0) return true
    const step = this.#bytes === 0 ? more : Math.max(more, STEP_BYTES)
    for (const wanted of step > more ? [step, more] : [more]) {
      if (!this.#inFlight.take(this.#sender, wanted)) continue
      this.#bytes += wanted
      return true
    }
    return false
  }

  /** Gives all back; again is harmless. */
  release(): void {
    this.#inFlight.give(this.#sender, this.#bytes)
    this.#bytes = 0
  }
}
