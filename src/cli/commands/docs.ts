import { writeFile } from "node:fs/promises"
import { resolve } from "node:path"
import { type Command, EXIT } from "../command.ts"
import { generatedPages } from "../docs.ts"

/** Knows all commands, itself included: hence the function. */
export function docsCommand(commands: () => Promise<readonly Command[]>): Command {
  return {
    name: "docs",
    summary: "Print the generated pages of docs/ again. Run it in the root of the sources.",
    arguments: [],
    options: [],
    examples: ["npm run docs"],
    hidden: true,
    async run(_args, _options, world) {
      for (const { path, text } of generatedPages(await commands())) {
        await writeFile(resolve(world.cwd, path), text)
        world.stdout.write(`${path}\n`)
      }
      return EXIT.fine
    },
  }
}
