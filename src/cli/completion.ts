import { assert } from "../base/assert.ts"
import type { Command } from "./command.ts"
import { GROUPS, longName, optionsOf } from "./program.ts"

export const SHELLS = ["bash", "zsh", "fish"] as const
export type Shell = (typeof SHELLS)[number]

/** What may follow a beginning of a command line: words of commands, or options of one. */
type Choice = { readonly word: string; readonly summary: string }
type Step = { readonly path: readonly string[]; readonly choices: readonly Choice[] }

/** A completion script: a table, so that completing starts no process. */
export function formatCompletion(shell: Shell, commands: readonly Command[]): string {
  const steps = stepsOf(commands.filter((command) => command.hidden !== true))
  switch (shell) {
    case "bash":
      return formatBash(steps)
    case "zsh":
      return formatZsh(steps)
    case "fish":
      return formatFish(steps)
  }
}

/** The longest paths first, so that the first that matches is the right one. */
function stepsOf(commands: readonly Command[]): readonly Step[] {
  const steps = new Map<string, Map<string, string>>()
  const add = (path: readonly string[], word: string, summary: string) => {
    const key = path.join(" ")
    const choices = steps.get(key) ?? new Map<string, string>()
    steps.set(key, choices.has(word) ? choices : choices.set(word, summary))
  }
  for (const command of commands) {
    const words = command.name.split(" ")
    for (const [i, word] of words.entries()) {
      add(words.slice(0, i), word, i === words.length - 1 ? command.summary : (GROUPS[word] ?? ""))
    }
    const paths = command.byDefault === true ? [words, words.slice(0, -1)] : [words]
    for (const { word, summary } of command.choices ?? []) for (const path of paths) add(path, word, summary)
    for (const option of optionsOf(command)) add(words, longName(option), option.description)
    add(words, "--help", "show what it does")
  }
  add([], "--help", "show all commands")
  add([], "--version", "print the version")
  return [...steps]
    .map(([key, choices]) => ({
      path: key === "" ? [] : key.split(" "),
      choices: [...choices].map(([word, summary]) => ({ word, summary })),
    }))
    .sort((a, b) => b.path.length - a.path.length)
}

function formatBash(steps: readonly Step[]): string {
  const cases = steps.map(({ path, choices }) => `    "${path.join(" ")}"*) words="${wordsOf(choices)}" ;;`)
  return `# bash completion of tallystick: source <(tallystick completion bash)
_tallystick() {
  local word line="" words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) line="$line$word " ;; esac
  done
  case "$line" in
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _tallystick tallystick
`
}

function formatZsh(steps: readonly Step[]): string {
  const cases = steps.map(({ path, choices }) => {
    const described = choices.map(({ word, summary }) => quote(`${word.replaceAll(":", "\\:")}:${summary}`))
    return `    "${path.join(" ")}"*) choices=(${described.join(" ")}) ;;`
  })
  return `#compdef tallystick
# zsh completion of tallystick: tallystick completion zsh > "\${fpath[1]}/_tallystick"
_tallystick() {
  local word line=""
  local -a choices
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$word" in -*) ;; *) line="$line$word " ;; esac
  done
  case "$line" in
${cases.join("\n")}
  esac
  _describe 'tallystick' choices || _files
}
if [ "$funcstack[1]" = "_tallystick" ]; then _tallystick "$@"; else compdef _tallystick tallystick; fi
`
}

function formatFish(steps: readonly Step[]): string {
  const lines = steps.flatMap(({ path, choices }) =>
    choices.map(({ word, summary }) => {
      const when =
        path.length === 0
          ? "__fish_use_subcommand"
          : path.map((p) => `__fish_seen_subcommand_from ${p}`).join("; and ")
      const what = word.startsWith("--") ? `-l ${word.slice(2)}` : `-a ${word}`
      return `complete -c tallystick -n ${quote(when)} ${what} -d ${quote(summary)}`
    }),
  )
  return `# fish completion of tallystick: tallystick completion fish > ~/.config/fish/completions/tallystick.fish\n${lines.join("\n")}\n`
}

function wordsOf(choices: readonly Choice[]): string {
  const words = choices.map(({ word }) => word)
  assert(
    words.every((word) => /^[a-z0-9-]+$/.test(word)),
    "words of commands and options need no quoting",
  )
  return words.join(" ")
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "’")}'`
}
