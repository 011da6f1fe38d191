/**
 * Every command of the command line. A command is a file here and a line in this table; help, completion and
 * docs/CLI.md follow from it. Loaded only when typed: the columns of a query or the schema of the configuration cost more
 * to load than most commands to run.
 */
import type { Command } from "../command.ts"

const TABLE: Readonly<Record<string, () => Promise<Command>>> = {
  start: async () => (await import("./start.ts")).start,
  init: async () => (await import("./init.ts")).init,
  serve: async () => (await import("./serve.ts")).serveCommand,
  import: async () => (await import("./import.ts")).importCommand,
  query: async () => (await import("./query.ts")).query,
  tail: async () => (await import("./tail.ts")).tail,
  top: async () => (await import("./top.ts")).top,
  hits: async () => (await import("./hits.ts")).hits,
  fields: async () => (await import("./fields.ts")).fields,
  values: async () => (await import("./values.ts")).values,
  "questions list": async () => (await import("./questions-list.ts")).questionsList,
  "questions show": async () => (await import("./questions-show.ts")).questionsShow,
  "questions run": async () => (await import("./questions-run.ts")).questionsRun,
  "quarantine list": async () => (await import("./quarantine-list.ts")).quarantineList,
  "quarantine show": async () => (await import("./quarantine-show.ts")).quarantineShow,
  "quarantine replay": async () => (await import("./quarantine-replay.ts")).quarantineReplay,
  "quarantine dismiss": async () => (await import("./quarantine-dismiss.ts")).quarantineDismiss,
  verify: async () => (await import("./verify.ts")).verify,
  prove: async () => (await import("./prove.ts")).prove,
  "receipt check": async () => (await import("./receipt-check.ts")).receiptCheck,
  "config check": async () => (await import("./config-check.ts")).configCheck,
  "config print": async () => (await import("./config-print.ts")).configPrint,
  "keys new": async () => (await import("./keys-new.ts")).keysNew,
  "keys show": async () => (await import("./keys-show.ts")).keysShow,
  "keys rotate": async () => (await import("./keys-rotate.ts")).keysRotate,
  "keys password": async () => (await import("./keys-password.ts")).keysPassword,
  "policy lint": async () => (await import("./policy-lint.ts")).policyLint,
  "policy explain": async () => (await import("./policy-explain.ts")).policyExplain,
  "policy show": async () => (await import("./policy-show.ts")).policyShow,
  "policy diff": async () => (await import("./policy-diff.ts")).policyDiff,
  "policy coverage": async () => (await import("./policy-coverage.ts")).policyCoverage,
  "policy simulate": async () => (await import("./policy-simulate.ts")).policySimulate,
  "policy advise": async () => (await import("./policy-advise.ts")).policyAdvise,
  "policy drift": async () => (await import("./policy-drift.ts")).policyDrift,
  "policy generate": async () => (await import("./policy-generate.ts")).policyGenerate,
  "policy record": async () => (await import("./policy-record.ts")).policyRecordCommand,
  "policy in-force": async () => (await import("./policy-in-force.ts")).policyInForceCommand,
  "policy preset": async () => (await import("./policy-preset.ts")).policyPreset,
  connect: async () => (await import("./connect.ts")).connect,
  doctor: async () => (await import("./doctor.ts")).doctor,
  version: async () => (await import("./version.ts")).version,
  completion: async () => (await import("./completion.ts")).completionCommand(allCommands),
  docs: async () => (await import("./docs.ts")).docsCommand(allCommands),
}

/** In the order of the table. */
export async function allCommands(): Promise<readonly Command[]> {
  return await Promise.all(Object.values(TABLE).map((load) => load()))
}

/**
 * The command that a command line names, alone; those of its group where it names only that, and all of them where it names
 * neither: then help or a suggestion is due.
 */
export async function commandsFor(argv: readonly string[]): Promise<readonly Command[]> {
  if (argv[0] === "--version" || argv[0] === "-v") return []
  const load = TABLE[argv.slice(0, 2).join(" ")] ?? TABLE[argv[0] ?? ""]
  if (load !== undefined) return [await load()]
  const group = Object.keys(TABLE).filter((name) => name.startsWith(`${argv[0]} `))
  return group.length === 0
    ? await allCommands()
    : await Promise.all(group.flatMap((name) => TABLE[name]?.() ?? []))
}
