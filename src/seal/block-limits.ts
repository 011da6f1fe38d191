import type { ReadLimits } from "../journal/reader.ts"

/** A block closes at the first of these; a larger record is a block alone. How often is for the caller to say. */
export const BLOCK_LIMITS: ReadLimits = { recordsMax: 10_000, bytesMax: 16 * 1024 * 1024 }
