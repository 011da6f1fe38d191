import { QUESTIONS } from "../../query/questions/index.ts"
import { type Command, EXIT, type Options, type World } from "../command.ts"
import { OUTPUT_FLAG, readFormat, showRows, widthFor } from "../output.ts"
import { tableWidth } from "../terminal.ts"

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
  const format = readFormat(options, "table")
  // The question itself must not be cut for what it takes.
  if (format === "table" && tableWidth(rows) > widthFor(world)) {
    showRows(
      rows.map(({ name, question }) => ({ name, question })),
      format,
      world,
    )
    world.stderr.write("what one takes: tallystick questions show <name>\n")
  } else showRows(rows, format, world)
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
