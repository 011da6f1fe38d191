import { agentSandbox } from "./agent-sandbox.ts"
import { cis } from "./cis.ts"
import { forensic } from "./forensic.ts"
import { minimal } from "./minimal.ts"
import type { Preset } from "./preset.ts"

/** Smallest first. */
export const PRESETS: readonly Preset[] = [minimal, cis, agentSandbox, forensic]
export type { Preset }
