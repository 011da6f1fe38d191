/**
 * Lines or entries of one body: each becomes a record and a line of the answer, some 500 bytes of memory, and may be as short
 * as two bytes in 64 MiB. As many as a webhook's body may have events.
 */
export const LINES_MAX = 250_000

/** Room for entries while a body is read that has to be read to its end before the first of them is kept. */
export class Room {
  #left = LINES_MAX

  /** Throws {@link TooMany} where there is none left. */
  take(): void {
    if (this.#left === 0) throw new TooMany()
    this.#left--
  }
}

/** A body, or an entry of one, that holds more than is taken apart: kept in one piece. */
export class TooMany extends Error {}
