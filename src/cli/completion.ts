import { assert } from "../base/assert.ts"
import type { Command, Option } from "./command.ts"
import { GROUPS, longName, optionsOf } from "./program.ts"

export const SHELLS = ["bash", "zsh", "fish"] as const
export type Shell = (typeof SHELLS)[number]

/** What may follow a beginning of a command line: words of commands, or options of one. */
type Choice = {
  readonly word: string
  readonly summary: string
  /** Of an option that takes a value: how else it is spelt, and what the value may be where that is a list. */
  readonly value?: { readonly spellings: readonly string[]; readonly values: readonly string[] }
}
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

/**
 * The longest paths first, so that the first that matches is the right one; in each the options last: they are
 * offered behind a dash alone, since what else may stand there may be a file.
 */
function stepsOf(commands: readonly Command[]): readonly Step[] {
  const steps = new Map<string, Map<string, Choice>>()
  const add = (path: readonly string[], choice: Choice) => {
    const key = path.join(" ")
    const choices = steps.get(key) ?? new Map<string, Choice>()
    steps.set(key, choices.has(choice.word) ? choices : choices.set(choice.word, choice))
  }
  for (const command of commands) {
    const words = command.name.split(" ")
    for (const [i, word] of words.entries()) {
      add(words.slice(0, i), {
        word,
        summary: i === words.length - 1 ? command.summary : (GROUPS[word] ?? ""),
      })
    }
    const paths = command.byDefault === true ? [words, words.slice(0, -1)] : [words]
    for (const path of paths) {
      for (const choice of command.choices ?? []) add(path, choice)
      for (const option of optionsOf(command)) add(path, optionChoice(option))
      add(path, { word: "--help", summary: "show what it does" })
    }
  }
  add([], { word: "--help", summary: "show all commands" })
  add([], { word: "--version", summary: "print the version" })
  return [...steps]
    .map(([key, choices]) => ({
      path: key === "" ? [] : key.split(" "),
      choices: [...choices.values()].sort((a, b) => Number(isOption(a)) - Number(isOption(b))),
    }))
    .sort((a, b) => b.path.length - a.path.length)
}

function isOption({ word }: Choice): boolean {
  return word.startsWith("--")
}

function optionChoice(option: Option): Choice {
  const choice = { word: longName(option), summary: option.description }
  if (!option.flags.includes("<")) return choice
  const spellings = option.flags.match(/(?<![\w-])--?[a-z][a-z-]*/g) ?? []
  return { ...choice, value: { spellings, values: option.values ?? [] } }
}

/** `--dir|-c|--config`: the options that take the word behind them, as a pattern of `case`. */
function valuePattern(steps: readonly Step[]): string {
  const spellings = steps.flatMap(({ choices }) => choices.flatMap(({ value }) => value?.spellings ?? []))
  return [...new Set(spellings)].join("|")
}

/** The lines of `case "$line$before"` for options whose values are known. */
function valueCases(steps: readonly Step[], set: (values: readonly string[]) => string): string {
  const cases = steps.flatMap(({ path, choices }) =>
    choices.flatMap(({ value }) =>
      value === undefined || value.values.length === 0
        ? []
        : [
            `        ${value.spellings.map((flag) => `"${path.join(" ")} "*${flag}`).join("|")}) ${set(value.values)} ;;`,
          ],
    ),
  )
  return cases.join("\n")
}

function formatBash(steps: readonly Step[]): string {
  const cases = steps.map(
    ({ path, choices }) =>
      `        ${patternOf(path)}) words="${wordsOf(choices.map(({ word }) => word))}" ;;`,
  )
  const takesValue = valuePattern(steps)
  return `# bash completion of tallystick: source <(tallystick completion bash)
_tallystick() {
  local word before="" line="" words="" now="\${COMP_WORDS[COMP_CWORD]}"
  if [ "$now" = "=" ]; then now=""; fi
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if [ "$word" = "=" ]; then continue; fi
    case "$before" in ${takesValue}) before=""; continue ;; esac
    case "$word" in -*) before="$word" ;; *) before=""; line="$line$word " ;; esac
  done
  case "$before" in
    ${takesValue})
      case "$line$before" in
${valueCases(steps, (values) => `words="${wordsOf(values)}"`)}
      esac
      ;;
    *)
      case "$line" in
${cases.join("\n")}
      esac
      case "$now" in -*) ;; *) words="\${words%%--*}" ;; esac
      ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$now"))
}
complete -o default -F _tallystick tallystick
`
}

function formatZsh(steps: readonly Step[]): string {
  const cases = steps.map(({ path, choices }) => {
    const described = choices.map(({ word, summary }) => quote(`${word.replaceAll(":", "\\:")}:${summary}`))
    return `        ${patternOf(path)}) choices=(${described.join(" ")}) ;;`
  })
  const takesValue = valuePattern(steps)
  return `#compdef tallystick
# zsh completion of tallystick: tallystick completion zsh > "\${fpath[1]}/_tallystick"
_tallystick() {
  local word before="" line=""
  local -a choices
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$before" in ${takesValue}) before=""; continue ;; esac
    case "$word" in -*) before="$word" ;; *) before=""; line="$line$word " ;; esac
  done
  case "$before" in
    ${takesValue})
      case "$line$before" in
${valueCases(steps, (values) => `choices=(${wordsOf(values)})`)}
      esac
      ;;
    *)
      case "$line" in
${cases.join("\n")}
      esac
      if [[ "$PREFIX" != -* ]]; then choices=("\${(@)choices:#--*}"); fi
      ;;
  esac
  _describe 'tallystick' choices || _files
}
if [ "$funcstack[1]" = "_tallystick" ]; then _tallystick "$@"; else compdef _tallystick tallystick; fi
`
}

/** `"policy lint "*`: the words of a command with whatever follows them. */
function patternOf(path: readonly string[]): string {
  return path.length === 0 ? '""' : `"${path.join(" ")} "*`
}

function formatFish(steps: readonly Step[]): string {
  const lines = steps.flatMap(({ path, choices }) =>
    choices.map(({ word, summary, value }) => {
      const when =
        path.length === 0
          ? "__fish_use_subcommand"
          : path.map((p) => `__fish_seen_subcommand_from ${p}`).join("; and ")
      const what = isOption({ word, summary }) ? `-l ${word.slice(2)}${fishValue(value)}` : `-a ${word}`
      return `complete -c tallystick -n ${quote(when)} ${what} -d ${quote(summary)}`
    }),
  )
  return `# fish completion of tallystick: tallystick completion fish > ~/.config/fish/completions/tallystick.fish\n${lines.join("\n")}\n`
}

function fishValue(value: Choice["value"]): string {
  if (value === undefined) return ""
  const short = value.spellings.filter((flag) => !flag.startsWith("--")).map((flag) => ` -s ${flag.slice(1)}`)
  return `${short.join("")} ${value.values.length === 0 ? "-r" : `-x -a ${quote(wordsOf(value.values))}`}`
}

function wordsOf(words: readonly string[]): string {
  assert(
    words.every((word) => /^[A-Za-z0-9-]+$/.test(word)),
    "words of commands and options need no quoting",
  )
  return words.join(" ")
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "’")}'`
}
