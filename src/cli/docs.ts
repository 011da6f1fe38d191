import { REFUSALS } from "../base/refusal.ts"
import type { Command } from "./command.ts"
import {
  CONFIG_OPTIONS_ALL,
  CONFIG_SCHEMA,
  describeSchema,
  type SchemaNode,
  schemaAt,
} from "./config-options.ts"
import { cell, logsqlPage } from "./docs-logsql.ts"
import { questionsPage } from "./docs-questions.ts"
import { longName, optionsOf, usageOf } from "./program.ts"
import { LIVE } from "./reload.ts"

/** A page of docs/ that is printed from the sources; a test keeps the files in step with this table. */
export type GeneratedPage = { readonly path: string; readonly text: string }

const MADE = "<!-- Printed by `npm run docs`; change the sources instead. -->"

export function generatedPages(commands: readonly Command[]): readonly GeneratedPage[] {
  return [
    { path: "docs/CONFIG.md", text: configPage() },
    { path: "docs/CLI.md", text: cliPage(commands.filter((command) => command.hidden !== true)) },
    { path: "docs/ERRORS.md", text: errorsPage() },
    { path: "docs/LOGSQL.md", text: logsqlPage(MADE) },
    { path: "docs/QUESTIONS.md", text: questionsPage(MADE) },
  ]
}

function configPage(): string {
  const sections = Object.entries(CONFIG_SCHEMA.properties ?? {})
  const single = sections.filter(
    ([, schema]) => schema.properties === undefined && schema.items?.properties === undefined,
  )
  const grouped = sections.filter(
    ([, schema]) => schema.properties !== undefined || schema.items?.properties !== undefined,
  )
  return [
    "# Configuration",
    "",
    MADE,
    "",
    "One schema, four places, the later ones win: defaults, the file (`--config`, `TALLYSTICK_CONFIG` or `./tallystick.yaml`),",
    "environment variables, flags (`--set listen.port=9000`). Unknown keys and variables are refused with the nearest known one.",
    "Relative paths in the file are meant from its folder, elsewhere from the working folder. Sizes can be written `64MiB`.",
    "Lists as a variable or flag are written as in YAML: `TALLYSTICK_INTAKE_FILES='[{path: /var/log/audit.log, source: prod-1}]'`.",
    "`tallystick config check` names every problem with its place, `tallystick config print` shows what is in force and where it comes from.",
    "",
    "A running server that gets SIGHUP reads all of this again. It takes over",
    `${LIVE.map((name) => `\`${name}\``).join(", ")} without dropping a request, says in its log and in a record what changed and`,
    "what waits for a restart, and keeps everything as it was when something does not load or hold together. Files of certificates, tokens and",
    "passwords need no signal: they are looked at every ten seconds. Certificates that are out of date, expire within two weeks or are not for the name in",
    "`listen.address` are told by `config check`, in the log (`certificate.expiring`, `.expired`, …; again every day) and by `tallystick doctor`.",
    "",
    "## General",
    "",
    ...single.flatMap(([key, schema]) => optionText(key, schema)),
    ...grouped.flatMap(([key, schema]) => ["", `## ${key}`, "", ...sectionText(key, schema)]),
    "",
  ].join("\n")
}

function sectionText(prefix: string, schema: SchemaNode): readonly string[] {
  if (schema.items?.properties !== undefined) return listText(prefix, schema)
  return [
    schema.description,
    "",
    ...Object.entries(schema.properties ?? {}).flatMap(([key, child]) => {
      const name = `${prefix}.${key}`
      if (child.properties !== undefined) return ["", `### ${name}`, "", ...sectionText(name, child)]
      return child.items?.properties !== undefined
        ? ["", `### ${name}`, "", ...listText(name, child)]
        : optionText(name, child)
    }),
  ]
}

function listText(name: string, schema: SchemaNode): readonly string[] {
  const item = schema.items
  return [
    `${schema.description} A list, default empty${reasonText(schema)}. Each item: ${item?.description ?? ""}`,
    "",
    ...Object.entries(item?.properties ?? {}).flatMap(([key, child]) =>
      itemText(`${name}[].${key}`, child, item),
    ),
  ]
}

function itemText(name: string, schema: SchemaNode, owner: SchemaNode | undefined): readonly string[] {
  if (schema.properties === undefined) {
    const needed =
      owner?.required?.includes(name.split(".").at(-1) ?? "") === true && schema.default === undefined
    return [`* \`${name}\`: ${schema.description} ${detailText(schema, needed)}`.trimEnd()]
  }
  return [
    `* \`${name}\`: ${schema.description}`,
    ...Object.entries(schema.properties).flatMap(([key, child]) => itemText(`${name}.${key}`, child, schema)),
  ]
}

function optionText(name: string, schema: SchemaNode): readonly string[] {
  const option = CONFIG_OPTIONS_ALL.find((known) => known.name === name)
  const owner = schemaAt(name.split(".").slice(0, -1))
  const needed =
    owner?.required?.includes(name.split(".").at(-1) ?? "") === true && schema.default === undefined
  return [
    `* \`${name}\` (\`${option?.variable}\`): ${schema.description} ${detailText(schema, needed)}`.trimEnd(),
  ]
}

function detailText(schema: SchemaNode, needed: boolean): string {
  const unit = schema.unit === undefined ? "" : ` (${schema.unit})`
  // That an address is a text goes without saying.
  const kind = describeSchema(schema) === "a text" ? "" : `${capital(describeSchema(schema))}${unit}. `
  if (needed) return `${kind}Required.`
  if (schema.default === undefined) return kind
  return `${kind}Default \`${formatDefault(schema)}\`${reasonText(schema)}.`
}

function formatDefault({ default: value, unit }: SchemaNode): string {
  const MiB = 1024 * 1024
  if (unit === "bytes" && typeof value === "number" && value % MiB === 0) return `${value / MiB}MiB`
  return typeof value === "string" ? value : JSON.stringify(value)
}

function reasonText(schema: SchemaNode): string {
  return schema.reason === undefined ? "" : `: ${schema.reason}`
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}

function cliPage(commands: readonly Command[]): string {
  const sorted = [...commands].sort((a, b) => (a.name < b.name ? -1 : 1))
  return [
    "# Command line",
    "",
    MADE,
    "",
    "Every command takes `--json` and `--help`. Exit codes: 0 fine, 1 the answer is bad (tampered, refuted, something to correct),",
    "2 could not tell or could not do (a partial answer is one, and one that Ctrl-C cut; ending a tail is 0), 64 wrong usage, 70 a bug of ours. Refusals are explained in [ERRORS](ERRORS.md).",
    "",
    "| command | |",
    "|---|---|",
    ...sorted.map(
      (command) =>
        `| [${command.name}](#tallystick-${command.name.replaceAll(" ", "-")}) | ${cell(command.summary)} |`,
    ),
    ...sorted.flatMap(commandText),
    "",
  ].join("\n")
}

function commandText(command: Command): readonly string[] {
  const defaults = (value: unknown) => (value === undefined ? "" : ` (default: ${String(value)})`)
  return [
    "",
    `## tallystick ${command.name}`,
    "",
    command.summary,
    "",
    `    tallystick ${command.name} ${usageOf(command)}`,
    "",
    ...command.arguments.map((argument) => `* \`${argument.name}\`: ${argument.description}`),
    ...[...optionsOf(command)]
      .sort((a, b) => (longName(a) < longName(b) ? -1 : 1))
      .map((option) => `* \`${option.flags}\`: ${option.description}${defaults(option.default)}`),
    ...(command.examples.length === 0 ? [] : ["", "```sh", ...command.examples, "```"]),
  ]
}

function errorsPage(): string {
  return [
    "# Errors",
    "",
    MADE,
    "",
    "Everything that can be refused, with the HTTP status (problem documents, RFC 9457), the exit code of the command line and",
    "what to do. Nothing else picks a status.",
    "",
    "| code | HTTP | exit | what to do |",
    "|---|---|---|---|",
    ...Object.entries(REFUSALS).map(
      ([code, { http, exit, hint }]) => `| ${code} | ${http} | ${exit} | ${cell(hint)} |`,
    ),
    "",
  ].join("\n")
}
