import type { Attributes, Policy, PolicyRule } from "./policy.ts"
import {
  type Box,
  boxesMeet,
  boxesOf,
  conditionCount,
  intersection,
  isEmpty,
  outside,
  RESOURCES,
  URLS,
} from "./request-set.ts"
import { witnessOf } from "./witness.ts"

/** Whether a rule ever decides. `shadowed` names the earlier rules that together take all its requests. */
export type Reach =
  | { readonly kind: "reached"; readonly witness: Attributes }
  | { readonly kind: "shadowed"; readonly by: readonly number[]; readonly witness: Attributes }
  | { readonly kind: "empty" }
  /** Too many combinations: nothing is claimed. */
  | { readonly kind: "unknown" }

/**
 * Steps of the search for one rule. Real policies need some hundreds; the search is exponential for adversarial ones
 * (the question is as hard as satisfiability), and gives up here.
 */
const STEPS_MAX = 20_000

/** A way in which a policy decides some requests of a box; `rule` is absent where no rule matches them. */
export type Decider = { readonly rule?: number; readonly witness: Attributes }

/**
 * Every rule that decides some request of the box, in order, with such a request; last what no rule matches. Only rules
 * that are `wanted` are looked for.
 */
export function decidersOf(
  policy: Policy,
  box: Box,
  wanted: (rule: PolicyRule) => boolean = () => true,
): readonly Decider[] {
  const earlier: Owned[] = []
  const deciders: Decider[] = []
  const search = (part: Box) => {
    const free = findFree(part, relevant(part, earlier), 0, { stepsLeft: STEPS_MAX, used: new Set() })
    return free === "unknown" ? undefined : free
  }
  for (const [rule, { boxes }] of policyBoxes(policy).entries()) {
    const meeting = boxes.filter((other) => boxesMeet(box, other))
    const given = policy.rules[rule]
    if (meeting.length > 0 && given !== undefined && wanted(given)) {
      const parts = meeting.map((other) => intersection(box, other))
      const free = firstOf(parts, search)
      if (free !== undefined) deciders.push({ rule, witness: witnessOf(free) })
    }
    if (meeting.some((other) => takesAll(box, other))) return deciders
    earlier.push(...meeting.map((other) => ({ rule, box: other })))
  }
  const free = search(box)
  return free === undefined ? deciders : [...deciders, { witness: witnessOf(free) }]
}

export type Region = {
  readonly before: number | undefined
  readonly after: number | undefined
  readonly witness: Attributes
}

/** Pairs of rules, one of each policy (undefined: none matches), that together decide some request. */
export function* regionsOf(
  a: Policy,
  b: Policy,
  wanted: (before: number | undefined, after: number | undefined) => boolean,
): Generator<Region> {
  const first = decisionsIn(a)
  const second = decisionsIn(b)
  for (const one of first) {
    for (const other of second) {
      if (!wanted(one.rule, other.rule)) continue
      const earlier = [...one.earlier, ...other.earlier]
      const parts = one.boxes.flatMap((box) =>
        other.boxes.filter((taker) => boxesMeet(box, taker)).map((taker) => intersection(box, taker)),
      )
      const free = firstOf(parts, (part) => {
        const search: Search = { stepsLeft: STEPS_MAX, used: new Set() }
        const found = findFree(part, relevant(part, earlier), 0, search)
        return found === "unknown" ? undefined : found
      })
      if (free !== undefined) yield { before: one.rule, after: other.rule, witness: witnessOf(free) }
    }
  }
}

type Decided = {
  readonly rule: number | undefined
  readonly boxes: readonly Box[]
  readonly earlier: readonly Owned[]
}

/** Each rule with the boxes of those before it; last everything, after all rules. */
function decisionsIn(policy: Policy): readonly Decided[] {
  const owned = policyBoxes(policy).map(({ boxes }, rule) => boxes.map((box) => ({ rule, box })))
  const rules = policyBoxes(policy).map(({ boxes }, rule) => ({
    rule,
    boxes,
    earlier: owned.slice(0, rule).flat(),
  }))
  return [...rules, { rule: undefined, boxes: [RESOURCES, URLS], earlier: owned.flat() }]
}

/** Boxes of every rule; remembered, because lint asks for them often. */
function policyBoxes(policy: Policy): readonly { readonly boxes: readonly Box[] }[] {
  const known = remembered.get(policy)
  if (known !== undefined) return known
  const made = policy.rules.map((rule) => ({ boxes: boxesOf(rule).filter((box) => !isEmpty(box)) }))
  remembered.set(policy, made)
  return made
}

const remembered = new WeakMap<Policy, readonly { readonly boxes: readonly Box[] }[]>()

function takesAll(box: Box, other: Box): boolean {
  return outside(box, other).next().done === true
}

function firstOf<T, U>(items: readonly T[], look: (item: T) => U | undefined): U | undefined {
  for (const item of items) {
    const found = look(item)
    if (found !== undefined) return found
  }
  return undefined
}

type Owned = { readonly rule: number; readonly box: Box }
type Search = { stepsLeft: number; readonly used: Set<number> }

/** Decides for every rule whether the ones before it leave it a request. */
export function reachOfRules(policy: Policy): readonly Reach[] {
  const earlier: Owned[] = []
  return policyBoxes(policy).map(({ boxes }, index) => {
    const reach = reachOf(boxes, earlier)
    // What is shadowed takes nothing from later rules that is not taken already.
    if (reach.kind !== "shadowed") earlier.push(...boxes.map((box) => ({ rule: index, box })))
    return reach
  })
}

function reachOf(boxes: readonly Box[], earlier: readonly Owned[]): Reach {
  const [first] = boxes
  if (first === undefined) return { kind: "empty" }
  const search: Search = { stepsLeft: STEPS_MAX, used: new Set() }
  for (const box of boxes) {
    const free = findFree(box, relevant(box, earlier), 0, search)
    if (free === "unknown") return { kind: "unknown" }
    if (free !== undefined) return { kind: "reached", witness: witnessOf(free) }
  }
  const by = fewest(boxes, earlier, search.used)
  return { kind: "shadowed", by, witness: witnessOf(decidedBy(boxes, earlier, by[0] ?? 0) ?? first) }
}

/** A part of the boxes that the earlier rule really decides, so that the witness shows that rule at work. */
function decidedBy(boxes: readonly Box[], earlier: readonly Owned[], by: number): Box | undefined {
  const before = earlier.filter(({ rule }) => rule < by)
  const parts = earlier
    .filter(({ rule }) => rule === by)
    .flatMap(({ box: taker }) =>
      boxes.filter((box) => boxesMeet(box, taker)).map((box) => intersection(box, taker)),
    )
  return firstOf(parts, (part) => {
    const search: Search = { stepsLeft: STEPS_MAX, used: new Set() }
    const free = findFree(part, relevant(part, before), 0, search)
    return free === "unknown" ? undefined : free
  })
}

/** A part of the box that no earlier rule matches. */
function findFree(
  box: Box,
  earlier: readonly Owned[],
  from: number,
  search: Search,
): Box | "unknown" | undefined {
  if (search.stepsLeft-- <= 0) return "unknown"
  let at = from
  while (at < earlier.length && !boxesMeet(box, (earlier[at] as Owned).box)) at++
  const meeting = earlier[at]
  if (meeting === undefined) return box
  search.used.add(meeting.rule)
  for (const part of outside(box, meeting.box)) {
    const free = findFree(part, earlier, at + 1, search)
    if (free !== undefined) return free
  }
  return undefined
}

/** Boxes that can matter, those with fewest conditions first: the sooner a part is empty, the shorter the search. */
function relevant(box: Box, earlier: readonly Owned[]): readonly Owned[] {
  return earlier
    .filter(({ box: other }) => boxesMeet(box, other))
    .map((owned) => ({ owned, conditions: conditionCount(owned.box) }))
    .sort((a, b) => a.conditions - b.conditions)
    .map(({ owned }) => owned)
}

/** Of the rules the search met, as few as still take everything; one alone where there is one. */
function fewest(
  boxes: readonly Box[],
  earlier: readonly Owned[],
  used: ReadonlySet<number>,
): readonly number[] {
  const suffices = (rules: ReadonlySet<number>): boolean => {
    const search: Search = { stepsLeft: STEPS_MAX, used: new Set() }
    const those = earlier.filter(({ rule }) => rules.has(rule))
    return boxes.every((box) => findFree(box, relevant(box, those), 0, search) === undefined)
  }
  const candidates = [...used].sort((a, b) => a - b)
  const single = candidates.find((rule) => suffices(new Set([rule])))
  if (single !== undefined) return [single]
  let kept = new Set(candidates)
  for (const rule of candidates) {
    const without = new Set([...kept].filter((other) => other !== rule))
    if (suffices(without)) kept = without
  }
  return [...kept]
}
