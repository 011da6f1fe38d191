import type { Node } from "./tree.ts"

/**
 * A pattern for places in JSON: `requestObject.spec.containers.*.env`. Steps are separated by dots; a key
 * with dots is written `["kubectl.kubernetes.io/last-applied-configuration"]`. `*` or `[*]` is any one key or
 * index, `**` any number of them; a star within a key is any text (`["patch.webhook.admission.k8s.io/*"]`).
 * Array elements are steps of their own.
 */
export type Path = readonly Step[]
type Step =
  | { readonly kind: "key"; readonly key: string }
  | { readonly kind: "like"; readonly before: string; readonly after: string }
  | { readonly kind: "any" }
  | { readonly kind: "deep" }

/** Positions in a path are bits of an integer. */
const STEPS_MAX = 30

const STEP = /^(?:\["([^"]+)"\]|\[(\*)\]|([^.[\]"]+))(?:\.(?!$|\[)|(?=\[)|$)/

/**
 * Undefined where the text is no path. A last `.*` is left out: a place stands for all that is below it
 * anyway.
 */
export function parsePath(text: string): Path | undefined {
  const steps: Step[] = []
  for (let rest = text; rest !== ""; ) {
    const match = STEP.exec(rest)
    const name = match?.[1] ?? match?.[2] ?? match?.[3]
    if (match === null || name === undefined) return undefined
    steps.push(parseStep(name))
    rest = rest.slice(match[0].length)
  }
  while (steps.length > 1 && (steps.at(-1)?.kind === "any" || steps.at(-1)?.kind === "deep")) steps.pop()
  return steps.length === 0 || steps.length > STEPS_MAX ? undefined : steps
}

function parseStep(name: string): Step {
  if (name === "*") return { kind: "any" }
  if (name === "**") return { kind: "deep" }
  const star = name.indexOf("*")
  if (star < 0) return { kind: "key", key: name }
  return { kind: "like", before: name.slice(0, star), after: name.slice(star + 1) }
}

function takes(step: Step | undefined, key: string | undefined): boolean {
  if (step === undefined) return false
  if (step.kind === "key") return step.key === key
  if (step.kind === "like") return key?.startsWith(step.before) === true && key.endsWith(step.after)
  return true
}

/**
 * Positions in a path, one bit each: bit i is set when i steps have led to where we are. Several, because
 * `**` may end at any place; none, when no step fits.
 */
type Positions = number

const AT_START: Positions = 1

/** "**" may stand for nothing: whoever is before it is also after it. */
function settle(path: Path, positions: Positions): Positions {
  for (let i = 0; i < path.length; i++) {
    if ((positions & (1 << i)) !== 0 && path[i]?.kind === "deep") positions |= 1 << (i + 1)
  }
  return positions
}

function advance(path: Path, positions: Positions, key: string | undefined): Positions {
  let next = 0
  const settled = settle(path, positions)
  for (let i = 0; i <= path.length; i++) {
    if ((settled & (1 << i)) === 0) continue
    // Past the end and within "**" every key leads on to the same.
    if (i === path.length || path[i]?.kind === "deep") next |= 1 << i
    else if (takes(path[i], key)) next |= 1 << (i + 1)
  }
  return next
}

/**
 * The nodes at or below `from` that `path` leads to. `pointer` are keys already gone before `from`, as the
 * path of a JSON patch says them: one that leads to, past or short of the place finds it all the same.
 */
export function selectNodes(from: Node, path: Path, pointer: readonly string[] = []): readonly Node[] {
  const end = 1 << path.length
  let start = AT_START
  for (const key of pointer) start = advance(path, start, key)
  const found: Node[] = []
  const waiting: Node[] = [from]
  const positions: Positions[] = [start]
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    const here = positions.pop() ?? 0
    if ((settle(path, here) & end) !== 0) {
      found.push(node)
      continue
    }
    for (const child of node.children) {
      const next = advance(path, here, child.key)
      if (next === 0) continue
      waiting.push(child)
      positions.push(next)
    }
  }
  return found
}

/** The last key a path names: what to look for in text that is no JSON. Undefined where it ends in a star. */
export function lastKey(path: Path): { readonly key: string; readonly isPrefix: boolean } | undefined {
  const last = path.at(-1)
  if (last?.kind === "key") return { key: last.key, isPrefix: false }
  return last?.kind === "like" && last.before !== "" ? { key: last.before, isPrefix: true } : undefined
}
