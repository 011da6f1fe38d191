import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import test from "node:test"
import { QUESTIONS } from "../query/questions/index.ts"
import { allCommands } from "./commands/index.ts"
import { formatCompletion, SHELLS } from "./completion.ts"

const commands = await allCommands()

for (const shell of SHELLS) {
  test(`${shell} completes the commands that read, and every question by name`, () => {
    const script = formatCompletion(shell, commands)
    for (const word of ["query", "tail", "top", "hits", "fields", "values", "questions"]) {
      assert.match(script, new RegExp(`\\b${word}\\b`), word)
    }
    for (const { name } of QUESTIONS) assert.ok(script.includes(name), name)
  })
}

const OFFERED: readonly (readonly [line: string, offered: string])[] = [
  ["q", "query questions quarantine"],
  ["receipt ", "check"],
  ["policy --kubernetes 1.34 dr", "drift"],
  ["connect k", "kubeadm k3s kind"],
  ["connect k3s --mode ", "batch blocking blocking-strict"],
  ["completion ", "bash zsh fish"],
  ["policy preset ", "list show"],
  ["query --output ", "table wide json csv raw"],
  ["query --output = c", "csv"],
  ["query --output =", "table wide json csv raw"],
  ["query text -o j", "json"],
  ["questions ex", "exec-sessions"],
  ["questions run ex", "exec-sessions"],
  ["questions show ex", "exec-sessions"],
  ["questions exec-sessions --nam", "--namespace --name"],
  ["tail --fo", "--follow"],
  ["prove --stage P", "Panic"],
  // Nothing of ours: the shell offers files.
  ["verify --dir ", ""],
  ["receipt check ", ""],
]

for (const [line, offered] of OFFERED) {
  test(`bash offers ${offered === "" ? "files" : offered} behind: tallystick ${line}`, () => {
    const words = ["tallystick", ...line.split(" ")].map((word) => `'${word}'`).join(" ")
    const typed = `COMP_WORDS=(${words}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _tallystick; echo "\${COMPREPLY[*]}"`
    const script = formatCompletion("bash", commands)
    const bash = spawnSync("bash", ["--noprofile", "--norc"], {
      input: `${script}\n${typed}`,
      encoding: "utf8",
    })
    assert.equal(bash.stderr, "")
    assert.equal(bash.stdout.trim(), offered)
  })
}
