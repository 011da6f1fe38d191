import {
  evaluate,
  type Expression,
  FUNCTIONS,
  fieldsIn,
  formatExpression,
  numberOf,
  OPERATORS,
  type Operator,
} from "../expression.ts"
import { addFields, removeFields } from "../fieldset.ts"
import { QUERY_LIMITS } from "../limits.ts"
import { formatNumber } from "../number.ts"
import { printField } from "../quote.ts"
import type { Reader } from "../reader.ts"
import { newRow } from "../row.ts"
import type { FieldSet } from "../tree.ts"
import type { PipeWord } from "../word.ts"
import { eachPipe } from "./each.ts"
import { atPipeEnd, readField, readList } from "./read.ts"

/**
 * `| math (a + b) / 2 as mean, round(mean, 0.1)`: arithmetic, one result after another. A value that is no number is NaN;
 * sizes, durations (in nanoseconds), times (in nanoseconds since 1970) and IPv4 addresses are numbers.
 */
export const math: PipeWord = {
  word: "math",
  aliases: ["eval"],
  example: `* | stats count() total, count() if (responseStatus.code:>=400) failed | math round(failed / total * 100, 0.1) as percent`,
  parse(reader) {
    reader.next()
    const results = readList(reader, readResult)
    const pipe = eachPipe({
      word: "math",
      text: ` ${results.map(printResult).join(", ")}`,
      keepsRows: true,
      writes: results.map(({ to }) => to),
      needs: (after) => neededBefore(after, results),
      step: (row, scene) => {
        const changed = newRow(row)
        for (const { expression, to } of results)
          changed[to] = formatNumber(evaluate(expression, changed, scene))
        return changed
      },
    })
    return { ...pipe, measures: (before) => new Set([...before, ...results.map(({ to }) => to)]) }
  },
}

type Result = { readonly expression: Expression; readonly to: string }

function printResult({ expression, to }: Result): string {
  const text = formatExpression(expression)
  return `${expression.kind === "binary" ? `(${text})` : text} as ${printField(to)}`
}

function readResult(reader: Reader): Result {
  const expression = readExpression(reader)
  const named = reader.skip("as")
  if (!named && (atPipeEnd(reader) || reader.is(","))) return { expression, to: formatExpression(expression) }
  return { expression, to: readField(reader, "a name for the result") }
}

function neededBefore(after: FieldSet, results: readonly Result[]): FieldSet {
  return results
    .toReversed()
    .reduce(
      (needed, { expression, to }) => addFields(removeFields(needed, [to]), fieldsIn(expression)),
      after,
    )
}

const LEVELS = 7

/** Operators of one expression: each is a level of the tree, and a level costs a stack frame. */
type Count = { operators: number }

function readExpression(reader: Reader): Expression {
  return readBinary(reader, 1, { operators: 0 })
}

/** Operators that bind as tightly as `level` or tighter. */
function readBinary(reader: Reader, level: number, count: Count): Expression {
  if (level > LEVELS) return readUnary(reader, count)
  let left = readBinary(reader, level + 1, count)
  for (;;) {
    const operator = operatorAt(reader)
    if (operator === undefined || OPERATORS[operator].level !== level) return left
    if (++count.operators > QUERY_LIMITS.operatorsMax) {
      throw reader.refuse(`more than ${QUERY_LIMITS.operatorsMax} operators`, reader.token, "query.tooLarge")
    }
    reader.next()
    left = { kind: "binary", operator, left, right: readBinary(reader, level + 1, count) }
  }
}

function operatorAt(reader: Reader): Operator | undefined {
  const { word } = reader
  return Object.hasOwn(OPERATORS, word) ? (word as Operator) : undefined
}

function readUnary(reader: Reader, count: Count): Expression {
  if (reader.skip("-")) return { kind: "minus", of: reader.nested(() => readUnary(reader, count)) }
  if (reader.skip("+")) return reader.nested(() => readUnary(reader, count))
  if (!reader.is("(")) return readOperand(reader, count)
  reader.next()
  const expression = reader.nested(() => readBinary(reader, 1, count))
  reader.expect(")", "at the end of a group")
  return expression
}

function readOperand(reader: Reader, count: Count): Expression {
  const { token, word } = reader
  if (Object.hasOwn(FUNCTIONS, word) && reader.peek(1).raw === "(") return readCall(reader, word, count)
  if (!token.quoted && !/^[\p{L}\p{N}_.]+$/u.test(token.text))
    throw reader.refuse("expected a number or a field")
  reader.next()
  const value = numberOf(token.text)
  if (!Number.isNaN(value)) return { kind: "number", text: token.text, value }
  if (!token.quoted && /^[0-9]/.test(token.text)) throw reader.refuse("this is no number", token)
  return { kind: "field", name: token.text === "" ? "_msg" : token.text }
}

function readCall(reader: Reader, name: string, count: Count): Expression {
  const start = reader.next()
  reader.next()
  const list: Expression[] = []
  while (!reader.is(")")) {
    list.push(reader.nested(() => readBinary(reader, 1, count)))
    if (!reader.skip(",") && !reader.is(")")) throw reader.refuse(`expected "," or ")" after an argument`)
  }
  reader.next()
  const { least = 0, most = 0 } = FUNCTIONS[name] ?? {}
  if (list.length < least || list.length > most)
    throw reader.refuse(`${name}() takes another number of arguments`, start)
  return { kind: "call", name, arguments: list }
}
