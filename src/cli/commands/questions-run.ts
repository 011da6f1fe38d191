import { parseQuery } from "../../query/parse.ts"
import { findQuestion, QUESTIONS } from "../../query/questions/index.ts"
import { questionQuery } from "../../query/questions/question.ts"
import { ANSWER_FLAGS, ask, exitFor, whomToAsk } from "../answer.ts"
import { type Command, EXIT, type Option, type Options } from "../command.ts"
import { OUTPUT_FLAG, RAW_PIPE, readFormat, showAnswer } from "../output.ts"
import { withFlags } from "../read-query.ts"
import { jsonLine } from "../terminal.ts"
import { TIME_FLAGS } from "../time-flags.ts"
import { readLimit } from "./query.ts"
import { listQuestions } from "./questions-list.ts"

const ROWS_SHOWN = 100

/** Every parameter that some question takes, once. */
const PARAMETERS: readonly Option[] = [
  ...new Map(
    QUESTIONS.flatMap(({ parameters }) => parameters).map(({ name, kind }): [string, Option] => [
      name,
      { flags: `--${name} <${kind}>`, description: takenBy(name) },
    ]),
  ).values(),
]

function takenBy(name: string): string {
  const taking = QUESTIONS.filter(({ parameters }) => parameters.some((parameter) => parameter.name === name))
  const some = taking.slice(0, 3).map((question) => question.name)
  return `for ${some.join(", ")}${taking.length > some.length ? ` and ${taking.length - some.length} more` : ""}`
}

export const questionsRun: Command = {
  name: "questions run",
  byDefault: true,
  summary: "Ask a named question; without a name, list them.",
  arguments: [
    { name: "name", description: "of the question, as tallystick questions lists it", optional: true },
  ],
  choices: QUESTIONS.map(({ name, title }) => ({ word: name, summary: title })),
  options: [
    ...PARAMETERS,
    { flags: "--explain", description: "print the LogsQL that would be asked, and ask nobody" },
    { flags: "-n, --limit <n>", description: `so many rows (default: ${ROWS_SHOWN})` },
    ...ANSWER_FLAGS,
    ...TIME_FLAGS,
    OUTPUT_FLAG,
  ],
  examples: [
    "tallystick questions who-read-secrets --namespace prod --since 7d",
    "tallystick questions run what-did-user-do --user alice --from 2026-01-02 -o wide",
    "tallystick questions run exec-sessions --explain",
  ],
  async run([name], options, world) {
    if (name === undefined) return listQuestions(options, world)
    const text = questionQuery(findQuestion(name), valuesOf(options))
    const limit = readLimit(options.limit)
    const wanted = {
      format: readFormat(options, "table"),
      rows: limit ?? ROWS_SHOWN,
      limited: limit !== undefined,
      words: true,
    }
    if (options.explain === true) {
      const asked = withFlags(parseQuery(text), "", options, world)
      world.stdout.write(options.json === true ? jsonLine({ query: asked }) : `${asked}\n`)
      return EXIT.fine
    }
    const pipes = `limit ${wanted.rows + 1}${wanted.format === "raw" ? RAW_PIPE : ""}`
    const asked = withFlags(parseQuery(text), pipes, options, world)
    return exitFor(await showAnswer(ask(await whomToAsk(options, world), asked, world), wanted, world), world)
  },
}

/** What was given for parameters, by name. */
function valuesOf(options: Options): Readonly<Record<string, string>> {
  const names = new Set(QUESTIONS.flatMap(({ parameters }) => parameters.map(({ name }) => name)))
  return Object.fromEntries(
    [...names].flatMap((name) => (typeof options[name] === "string" ? [[name, options[name]]] : [])),
  )
}
