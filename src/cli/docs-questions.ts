import { QUESTIONS } from "../query/questions/index.ts"
import type { Parameter } from "../query/questions/logsql.ts"
import { type Question, questionQuery } from "../query/questions/question.ts"

/** docs/QUESTIONS.md: every question with what it takes, an example, and the LogsQL that the example asks. */
export function questionsPage(made: string): string {
  return [
    "# Questions",
    "",
    made,
    "",
    "Questions that investigators ask, each with a name and parameters: `tallystick questions` lists them, `tallystick questions NAME`",
    "asks one (`--since 7d`, `--from`, `--to`, `--dir`, `--server`, `-o` as with `query`), `--explain` prints the LogsQL and asks nobody.",
    "A question is a query: copy it, change it, use it in a dashboard. Values are printed into it as text, they can never become a part of it.",
    "",
    "A request is counted once, at its last stage; what lasts (exec, port-forward, watch) is shown when it begins, too. What a client wrote",
    "(names, addresses but the last, user agents, commands) is marked `~` in tables: it is no proof of what it names.",
    "",
    ...QUESTIONS.flatMap(questionText),
  ].join("\n")
}

function questionText(question: Question): readonly string[] {
  const { name, title, about, parameters, example } = question
  const given = Object.entries(example.given).map(([key, value]) => ` --${key} ${value}`)
  return [
    `## ${name}`,
    "",
    `**${title}** ${about}`,
    "",
    ...parameters.map(
      (parameter) => `* \`--${parameter.name}\`: ${parameter.description}${needOf(parameter)}`,
    ),
    ...(parameters.length === 0 ? [] : [""]),
    "```text",
    `tallystick questions ${name}${given.join("")}`,
    "```",
    "",
    "```text",
    questionQuery(question, example.given).replaceAll(" | ", "\n  | "),
    "```",
    "",
  ]
}

function needOf({ optional, byDefault }: Parameter): string {
  if (byDefault !== undefined) return ` (default: ${byDefault})`
  return optional === true ? "" : " (needed)"
}
