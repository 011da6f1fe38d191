import { Refusal } from "../../base/refusal.ts"
import { type Command, EXIT } from "../command.ts"
import { formatCompletion, SHELLS } from "../completion.ts"

/** Knows all commands, itself included: hence the function. */
export function completionCommand(commands: () => Promise<readonly Command[]>): Command {
  return {
    name: "completion",
    summary: "Print a completion script for your shell.",
    arguments: [{ name: "shell", description: SHELLS.join(", ") }],
    choices: SHELLS.map((word) => ({ word, summary: `for ${word}` })),
    options: [],
    examples: [
      "source <(tallystick completion bash)",
      "tallystick completion fish > ~/.config/fish/completions/tallystick.fish",
    ],
    async run([name], _options, world) {
      const shell = SHELLS.find((known) => known === name)
      if (shell === undefined) {
        throw new Refusal("usage", `expected one of ${SHELLS.join(", ")}, saw ${JSON.stringify(name)}`)
      }
      world.stdout.write(formatCompletion(shell, await commands()))
      return EXIT.fine
    },
  }
}
