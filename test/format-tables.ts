/**
 * The tables of docs/FORMAT.md that the code prints: `node test/format-tables.ts` puts them where they belong,
 * `format.test.ts` compares. A table stands between `<!-- table: name -->` and the next empty line.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { ACTOR_RULES, type ActorMatch } from "../src/event/actor-rules.ts"
import { FIELDS } from "../src/event/fields.ts"
import { QUARANTINE } from "../src/event/quarantine.ts"
import { DEFAULT_REDACTION, ENVIRONMENT_REDACTION, type RedactionRule } from "../src/event/redaction-rules.ts"
import { LOSSES } from "../src/journal/control.ts"
import { CONTROLS, type ControlName } from "../src/seal/control.ts"
import { COLUMNS } from "../src/store/columns.ts"

export const FORMAT_PAGE = join(import.meta.dirname, "../docs/FORMAT.md")

const EVIDENCE_MEANINGS: Readonly<Record<string, string>> = {
  raw: "the body: its text, or its base64; exactly the bytes that were hashed; clients choose much of it",
  rawEncoding: "`text` or `base64`, as in the journal",
  seed: "of the record's block, 32 hex digits; NULL where something of the block was erased",
  salt: "base64; only where something of the block was erased, for the seed would give the erased salt away",
  digest: "base64; only of an erased record, whose body is gone",
  leafHint:
    "first two bytes of the record hash, big-endian, or NULL: tells which record of a damaged block was changed",
}

function columns(): string[] {
  const fields = new Map(FIELDS.map((field) => [field.name, field]))
  const rows = COLUMNS.map(({ name, type }) => {
    const field = fields.get(name)
    const meaning = field?.description ?? EVIDENCE_MEANINGS[name] ?? missing(`column ${name}`)
    const from = field?.path === undefined ? "" : `\`${field.path.join(".")}\``
    return [`\`${name}\``, type, from, field?.trust ?? (name === "raw" ? "mixed" : "ledger"), meaning]
  })
  return table(["column", "type", "member of the event", "decided by", "what"], rows)
}

function quarantine(): string[] {
  return table(
    ["code", "why"],
    Object.entries(QUARANTINE).map(([code, why]) => [`\`${code}\``, why]),
  )
}

function losses(): string[] {
  return table(
    ["why", "what happened"],
    Object.entries(LOSSES).map(([code, why]) => [`\`${code}\``, why]),
  )
}

function redaction(): string[] {
  const rules = [...DEFAULT_REDACTION, ...ENVIRONMENT_REDACTION]
  return table(
    ["rule", "takes out", "where"],
    rules.map((rule) => [`\`${rule.name}\``, rule.description ?? missing(rule.name), whereOf(rule)]),
  )
}

function whereOf({ when, objectPaths, paths, parameters }: RedactionRule): string {
  const places = objectPaths ?? paths
  const about = [...(when?.kinds ?? []).map((kind) => `objects of kind ${kind}`), ...(when?.resources ?? [])]
  const what =
    places?.map((path) => `\`${path}\``).join(", ") ??
    (parameters === undefined ? "any string" : "parameters of `requestURI`")
  return about.length === 0 ? what : `${what} (${about.join(", ")})`
}

function actors(): string[] {
  return table(
    ["actor.kind", "match", "why"],
    ACTOR_RULES.map(({ kind, match, why }) => [kind, matchOf(match), why]),
  )
}

function matchOf(match: ActorMatch): string {
  const words = (names: readonly string[]) =>
    names.map((name) => (name === "" ? "no name" : `\`${name}\``)).join(", ")
  if ("equals" in match) return `named ${words(match.equals)}`
  if ("groups" in match) return `in group ${words(match.groups)}`
  return `name begins with \`${match.prefix}\`${match.suffix === undefined ? "" : ` and ends with \`${match.suffix}\``}`
}

const POWERS: Readonly<Record<ControlName, string>> = {
  "ledger.created": "none; it tells people the ledger's name, its first key and what came before",
  "key.rotated": "the newer key may sign checkpoints larger than the note's size, the older none",
  "segment.made": "the file has to hold these records with this hash; those in `replaces` need not be there",
  "range.purged": "the records need not be there",
  "record.erased": "none in this version, which has no command that erases",
  "import.done": "none",
  clock: "none",
  loss: "the numbers in `gaps` may be missing from the count of their source; records that were sealed stay missing",
  heartbeat: "every source must have been counted so far",
  did: "none",
}

function controls(): string[] {
  return table(
    ["kind", "version", "what `verify` takes from it"],
    Object.entries(CONTROLS).map(([kind, { version }]) => [
      `\`${kind}\``,
      String(version),
      POWERS[kind as ControlName],
    ]),
  )
}

export const TABLES: Readonly<Record<string, () => readonly string[]>> = {
  columns,
  quarantine,
  losses,
  redaction,
  actors,
  controls,
}

/** The page with its tables as the code prints them. Throws where a table has no place, or a place no table. */
export function withTables(page: string): string {
  const placed: string[] = []
  const filled = page.replaceAll(/(<!-- table: (\w+) -->\n)(?:\|.*\n)*/g, (_, mark: string, name: string) => {
    placed.push(name)
    return `${mark}${(TABLES[name] ?? missing(name))().join("\n")}\n`
  })
  const names = Object.keys(TABLES)
  const unplaced = names.filter((name) => !placed.includes(name))
  return unplaced.length === 0 ? filled : missing(`a place for ${unplaced.join(", ")}`)
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`
  return [line(head), `|${head.map(() => "---|").join("")}`, ...rows.map(line)]
}

function missing(what: string): never {
  throw new Error(`docs/FORMAT.md: there is no ${what}`)
}

if (import.meta.main) writeFileSync(FORMAT_PAGE, withTables(readFileSync(FORMAT_PAGE, "utf8")))
