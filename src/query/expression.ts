import { parseIpv4, parseNumber } from "./number.ts"
import { isInReach, parseNanos } from "./nanos.ts"
import { printField, quoteIfNeeded } from "./quote.ts"
import { fieldValue, type Row } from "./row.ts"
import type { RunScene } from "./tree.ts"

/** What `math` computes. */
export type Expression =
  | { readonly kind: "number"; readonly text: string; readonly value: number }
  | { readonly kind: "field"; readonly name: string }
  | { readonly kind: "minus"; readonly of: Expression }
  | {
      readonly kind: "binary"
      readonly operator: Operator
      readonly left: Expression
      readonly right: Expression
    }
  | { readonly kind: "call"; readonly name: string; readonly arguments: readonly Expression[] }

export type Operator = keyof typeof OPERATORS

/** What an expression is computed with, besides the row. */
export type MathScene = Pick<RunScene, "clock" | "random">

/** Operators with how tightly they bind. All of them group from the left, `^` too. */
export const OPERATORS = {
  default: { level: 1, of: (a: number, b: number) => (Number.isNaN(a) ? b : a) },
  or: { level: 2, of: (a: number, b: number) => bits(a, b, (x, y) => x | y) },
  xor: { level: 3, of: (a: number, b: number) => bits(a, b, (x, y) => x ^ y) },
  "&": { level: 4, of: (a: number, b: number) => bits(a, b, (x, y) => x & y) },
  "+": { level: 5, of: (a: number, b: number) => a + b },
  "-": { level: 5, of: (a: number, b: number) => a - b },
  "*": { level: 6, of: (a: number, b: number) => a * b },
  "/": { level: 6, of: (a: number, b: number) => a / b },
  "%": { level: 6, of: (a: number, b: number) => a % b },
  /** One to whatever power is one (IEEE 754 pow), also where that is no number. */
  "^": { level: 7, of: (a: number, b: number) => (a === 1 ? 1 : a ** b) },
} as const satisfies Readonly<
  Record<string, { readonly level: number; readonly of: (a: number, b: number) => number }>
>

/** Functions with how many arguments they take. */
export const FUNCTIONS: Readonly<
  Record<
    string,
    {
      readonly least: number
      readonly most: number
      readonly of: (values: readonly number[], scene: MathScene) => number
    }
  >
> = {
  abs: { least: 1, most: 1, of: ([x = 0]) => Math.abs(x) },
  ceil: { least: 1, most: 1, of: ([x = 0]) => Math.ceil(x) },
  exp: { least: 1, most: 1, of: ([x = 0]) => Math.exp(x) },
  floor: { least: 1, most: 1, of: ([x = 0]) => Math.floor(x) },
  ln: { least: 1, most: 1, of: ([x = 0]) => Math.log(x) },
  max: { least: 2, most: Number.POSITIVE_INFINITY, of: (values) => extreme(values, Math.max) },
  min: { least: 2, most: Number.POSITIVE_INFINITY, of: (values) => extreme(values, Math.min) },
  now: { least: 0, most: 0, of: (_, scene) => scene.clock * 1000 },
  rand: { least: 0, most: 0, of: (_, scene) => scene.random() },
  round: {
    least: 1,
    most: 2,
    of: ([x = 0, nearest]) => (nearest === undefined ? round(x) : roundTo(x, nearest)),
  },
}

export function evaluate(expression: Expression, row: Row, scene: MathScene): number {
  switch (expression.kind) {
    case "number":
      return expression.value
    case "field":
      return numberOf(fieldValue(row, expression.name))
    case "minus":
      return -evaluate(expression.of, row, scene)
    case "binary": {
      const left = evaluate(expression.left, row, scene)
      return OPERATORS[expression.operator].of(left, evaluate(expression.right, row, scene))
    }
    case "call": {
      const values = expression.arguments.map((argument) => evaluate(argument, row, scene))
      return FUNCTIONS[expression.name]?.of(values, scene) ?? Number.NaN
    }
  }
}

/** Numbers, sizes, durations, addresses, and times as nanoseconds since 1970; NaN for everything else. */
export function numberOf(text: string): number {
  const number = parseNumber(text)
  if (!Number.isNaN(number)) return number
  const address = parseIpv4(text)
  if (address !== undefined) return address
  const time = parseNanos(text)
  return time !== undefined && isInReach(time) ? Number(time) : Number.NaN
}

export function fieldsIn(expression: Expression): readonly string[] {
  switch (expression.kind) {
    case "number":
      return []
    case "field":
      return [expression.name]
    case "minus":
      return fieldsIn(expression.of)
    case "binary":
      return [...fieldsIn(expression.left), ...fieldsIn(expression.right)]
    case "call":
      return expression.arguments.flatMap(fieldsIn)
  }
}

/** With no more parentheses than it needs. */
export function formatExpression(expression: Expression): string {
  switch (expression.kind) {
    case "number":
      return /^-?[.0-9A-Za-z_]+$/.test(expression.text) ? expression.text : quoteIfNeeded(expression.text)
    case "field":
      return printField(expression.name)
    case "minus":
      return `-${inside(expression.of, 8)}`
    case "binary": {
      const { level } = OPERATORS[expression.operator]
      return `${inside(expression.left, level)} ${expression.operator} ${inside(expression.right, level + 1)}`
    }
    case "call":
      return `${expression.name}(${expression.arguments.map(formatExpression).join(", ")})`
  }
}

function inside(expression: Expression, level: number): string {
  const text = formatExpression(expression)
  return expression.kind === "binary" && OPERATORS[expression.operator].level < level ? `(${text})` : text
}

function extreme(values: readonly number[], choose: (...values: number[]) => number): number {
  const numbers = values.filter((value) => !Number.isNaN(value))
  return numbers.length === 0 ? Number.NaN : choose(...numbers)
}

/** Half away from zero. */
function round(value: number): number {
  return Math.sign(value) * Math.round(Math.abs(value))
}

/** To the nearest multiple, with no more digits than the multiple has: 0.1 is not 0.1 in binary. */
function roundTo(value: number, nearest: number): number {
  if (!Number.isFinite(value)) return Number.NaN
  const multiple = round(value / nearest) * nearest
  const digits = /(?:\.([0-9]+))?(?:e-([0-9]+))?$/.exec(String(nearest))
  const places = (digits?.[1]?.length ?? 0) + Number(digits?.[2] ?? 0)
  return Number.isFinite(multiple) && places <= 100 ? Number(multiple.toFixed(places)) : multiple
}

/** On 64 bits, as the numbers' whole parts; they are exact up to 2^53. */
function bits(a: number, b: number, of: (x: bigint, y: bigint) => bigint): number {
  if (!Number.isFinite(a) || !Number.isFinite(b)) return Number.NaN
  return Number(BigInt.asUintN(64, of(BigInt(Math.trunc(a)), BigInt(Math.trunc(b)))))
}
