import type { VectorRow } from "./row.ts"
import { COSIGNATURE_VECTORS } from "./tlog-cosignature.ts"
import { MERKLE_VECTORS } from "./tlog-merkle.ts"
import { NOTE_VECTORS } from "./tlog-note.ts"
import { TESSERA_VECTORS } from "./tlog-tessera.ts"

/** Vectors of transparency logs; their README says where each comes from. */
export const TLOG_VECTORS: readonly VectorRow[] = [
  ...MERKLE_VECTORS,
  ...NOTE_VECTORS,
  ...COSIGNATURE_VECTORS,
  ...TESSERA_VECTORS,
  { pattern: /^tlog\/witness\/sunlight/, outside: "the witness interface is not built yet" },
  { pattern: /^tlog\/policy\//, outside: "witness policies are not built yet" },
  {
    pattern: /^tlog\/self-generated\/rfc3161\//,
    title: "tlog/self-generated/rfc3161",
    outside: "no timestamps of RFC 3161 yet",
  },
  { pattern: /^tlog\/(README|LICENSES|.*LICENSE$)/, title: "tlog: README and licences", outside: "words" },
]
