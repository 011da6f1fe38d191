import { findQuestion, QUESTIONS } from "../../query/questions/index.ts"
import { type Question, questionQuery } from "../../query/questions/question.ts"
import { type Command, EXIT } from "../command.ts"
import { jsonLine, table } from "../terminal.ts"

export const questionsShow: Command = {
  name: "questions show",
  summary: "What a question asks, what it takes, and its LogsQL.",
  arguments: [{ name: "name", description: "of the question, as tallystick questions lists it" }],
  choices: QUESTIONS.map(({ name, title }) => ({ word: name, summary: title })),
  options: [],
  examples: ["tallystick questions show exec-sessions"],
  async run([name = ""], options, world) {
    const question = findQuestion(name)
    world.stdout.write(options.json === true ? jsonLine(asJson(question)) : asText(question))
    return EXIT.fine
  },
}

function asJson(question: Question): object {
  const { name, title, about, parameters, example } = question
  return {
    name,
    title,
    about,
    parameters,
    example: { given: example.given, query: questionQuery(question, example.given) },
  }
}

function asText(question: Question): string {
  const { name, title, about, parameters, example } = question
  const rows = parameters.map((parameter) => ({
    flag: `  --${parameter.name} <${parameter.kind === "timeOfDay" ? "HH:MM" : parameter.kind}>`,
    description: parameter.description,
    need: needOf(parameter),
  }))
  const flags = Object.entries(example.given).map(([key, value]) => ` --${key} ${value}`)
  return [
    `${title}\n\n${about}\n`,
    parameters.length === 0
      ? ""
      : `\n${table(rows, ["flag", "description", "need"], Number.POSITIVE_INFINITY).replace(/^.*\n/, "")}`,
    `\n  tallystick questions run ${name}${flags.join("")}\n\nasks\n\n  ${questionQuery(question, example.given)}\n`,
  ].join("")
}

function needOf({ optional, byDefault }: { optional?: boolean; byDefault?: string }): string {
  if (byDefault !== undefined) return `default ${byDefault}`
  return optional === true ? "" : "needed"
}
