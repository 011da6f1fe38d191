import { parseQuery } from "../parse.ts"
import { formatQuery } from "../print.ts"
import type { Row } from "../row.ts"
import { type Given, type Logsql, type Parameter, readGiven } from "./logsql.ts"
import type { Needed } from "./needed.ts"

/** A question that investigators ask, with a name and parameters. One file each. */
export type Question = {
  /** Words joined by `-`, unique. */
  readonly name: string
  /** In words, with a question mark. */
  readonly title: string
  /** What to know when reading its answer. */
  readonly about: string
  readonly parameters: readonly Parameter[]
  readonly ask: (given: Given) => Logsql
  /** What a policy must record for it to answer. */
  readonly needs: readonly Needed[]
  readonly example: Example
}

/** Events as an API server writes them, and what the question answers over all of them. */
export type Example = {
  readonly given: Readonly<Record<string, string>>
  /** These it is about. */
  readonly events: readonly string[]
  /** These it passes over, although they come near. */
  readonly others: readonly string[]
  readonly rows: readonly Row[]
}

/** The question's query for these values, as the canonical text. Refuses `usage` where the values do not fit. */
export function questionQuery(question: Question, values: Readonly<Record<string, string>>): string {
  return formatQuery(parseQuery(question.ask(readGiven(question.parameters, values)).logsql))
}
