import { ALL_FIELDS, addFields, removeFields } from "../fieldset.ts"
import { printFieldPattern } from "../quote.ts"
import type { Reader } from "../reader.ts"
import { fieldValue, type MutableRow, newRow } from "../row.ts"
import type { FieldSet, Pipe } from "../tree.ts"
import type { PipeWord } from "../word.ts"
import { eachPipe } from "./each.ts"
import { readList, readPattern } from "./read.ts"

/** `| copy a as b, c* as d*`: gives a field's value to another field too. One after another, from the left. */
export const copy: PipeWord = {
  word: "copy",
  aliases: ["cp"],
  example: `verb:impersonate | copy user.username as who`,
  parse: (reader) => transfer(reader, "copy"),
}

/** `| rename a as b`: the value moves; the old field is gone. */
export const rename: PipeWord = {
  word: "rename",
  aliases: ["mv"],
  example: `verb:delete | rename user.username as who, objectRef.name as what`,
  parse: (reader) => transfer(reader, "rename"),
}

type Pair = { readonly from: string; readonly to: string }

function transfer(reader: Reader, word: "copy" | "rename"): Pipe {
  reader.next()
  const pairs = readList(reader, readPair)
  const text = pairs
    .map(({ from, to }) => `${printFieldPattern(from)} as ${printFieldPattern(to)}`)
    .join(", ")
  const plain = pairs.every(({ from }) => !from.endsWith("*"))
  const pipe = eachPipe({
    word,
    text: ` ${text}`,
    keepsRows: true,
    writes: plain ? pairs.flatMap(({ from, to }) => (word === "copy" ? [to] : [from, to])) : "any",
    needs: (after) => (plain ? neededBefore(after, pairs, word) : ALL_FIELDS),
    step: (row) => {
      const changed = newRow(row)
      for (const pair of pairs) apply(changed, pair, word)
      return changed
    },
  })
  return { ...pipe, measures: (before) => measuresAfter(before, pairs, word) }
}

function measuresAfter(before: ReadonlySet<string>, pairs: readonly Pair[], word: "copy" | "rename") {
  const after = new Set(before)
  for (const { from, to } of pairs) {
    if (after.has(from)) after.add(to)
    if (word === "rename") after.delete(from)
  }
  return after
}

function readPair(reader: Reader): Pair {
  const from = readPattern(reader)
  reader.skip("as")
  return { from, to: readPattern(reader) }
}

function neededBefore(after: FieldSet, pairs: readonly Pair[], word: "copy" | "rename"): FieldSet {
  let needed = after
  for (const { from, to } of pairs.toReversed()) {
    needed = removeFields(needed, word === "copy" ? [to] : [from, to])
    needed = addFields(needed, [from])
  }
  return needed
}

function apply(row: MutableRow, { from, to }: Pair, word: "copy" | "rename"): void {
  if (!from.endsWith("*")) {
    const value = fieldValue(row, from)
    if (word === "rename") delete row[from]
    row[to] = value
    return
  }
  const prefix = from.slice(0, -1)
  const matching = Object.keys(row).filter((name) => name.startsWith(prefix))
  for (const name of matching) {
    const value = fieldValue(row, name)
    if (word === "rename") delete row[name]
    row[to.endsWith("*") ? to.slice(0, -1) + name.slice(prefix.length) : to] = value
  }
}
