/** Everything `tallystick doctor` looks at, in the order in which a person would. A check is a file and a line here. */
import { certificate } from "./certificate.ts"
import type { Check } from "./check.ts"
import { clock } from "./clock.ts"
import { credentials } from "./credentials.ts"
import { diskSync } from "./disk.ts"
import { journal } from "./journal.ts"
import { key } from "./key.ts"
import { listening } from "./listening.ts"
import { parts } from "./parts.ts"
import { rights } from "./rights.ts"
import { sending } from "./sending.ts"

export const CHECKS: readonly Check[] = [
  listening,
  parts,
  certificate,
  credentials,
  journal,
  diskSync,
  key,
  rights,
  clock,
  sending,
]
