/**
 * Every command of the command line. A command is a file here and a line in this list; help, completion and docs/CLI.md
 * follow from it.
 */
import type { Command } from "../command.ts"
import { completionCommand } from "./completion.ts"
import { configCheck } from "./config-check.ts"
import { configPrint } from "./config-print.ts"
import { docsCommand } from "./docs.ts"
import { version } from "./version.ts"

export const COMMANDS: readonly Command[] = [
  configCheck,
  configPrint,
  version,
  completionCommand(() => COMMANDS),
  docsCommand(() => COMMANDS),
]
