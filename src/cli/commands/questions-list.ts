import { QUESTIONS } from "../../query/questions/index.ts"
import { type Command, EXIT, type Options, type World } from "../command.ts"
import { OUTPUT_FLAG, readFormat, showRows } from "../output.ts"

export const questionsList: Command = {
  name: "questions list",
  summary: "Questions that investigators ask, by name.",
  arguments: [],
  options: [OUTPUT_FLAG],
  examples: ["tallystick questions", "tallystick questions list --json | jq -r .name"],
  run: async (_args, options, world) => listQuestions(options, world),
}

export function listQuestions(options: Options, world: World) {
  const rows = QUESTIONS.map(({ name, title, parameters }) => ({
    name,
    question: title,
    takes: parameters.map((parameter) => takes(parameter)).join(" "),
  }))
  showRows(rows, readFormat(options, "table"), world)
  return EXIT.fine
}

/** `--user <text>`, in brackets where it may be left out. */
function takes({
  name,
  optional,
  byDefault,
}: {
  name: string
  optional?: boolean
  byDefault?: string
}): string {
  return optional === true || byDefault !== undefined ? `[--${name}]` : `--${name}`
}
