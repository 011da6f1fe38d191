import { agentSandbox } from "./agent-sandbox.ts"
import { cis } from "./cis.ts"
import { forensic } from "./forensic.ts"
import { immutableTrail } from "./immutable-trail.ts"
import { immutableTrailAsWritten } from "./immutable-trail-as-written.ts"
import { minimal } from "./minimal.ts"
import type { Preset } from "./preset.ts"
import { talosAsWritten } from "./talos-as-written.ts"
import { talosProduction } from "./talos-production.ts"

/** Smallest first, then what others published and what became of it. */
export const PRESETS: readonly Preset[] = [
  ...[minimal, cis, agentSandbox, forensic],
  ...[talosProduction, immutableTrail, talosAsWritten, immutableTrailAsWritten],
]
export type { Preset }
