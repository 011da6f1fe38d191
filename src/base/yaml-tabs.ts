/** Where tabs may stand: part of a document's text. */
export type Leaf = {
  /** `plain`: text without quotes. `closed`: within quotes, brackets or a block of text, where tabs are like blanks. */
  readonly kind: "plain" | "closed"
  readonly start: number
  readonly end: number
  /** Where the first key or dash of the keys or items around it stands. */
  readonly block: number
}

export type TabProblem = { readonly offset: number; readonly what: string }

const TAB_LINE = /^( *)\t[ \t]*(?:#.*)?\r?$/gm

/**
 * A line of white space, or of white space before a comment, in which a tab stands. YAML 1.2 skips it; Go's reader of YAML 1.1
 * stops, but for those right behind a plain text that stand deeper than what the text belongs to. Leaves are in the order of the text.
 */
export function tabProblemIn(
  text: string,
  part: { readonly from: number; readonly to: number },
  leaves: () => Iterable<Leaf>,
): TabProblem | undefined {
  const lines = [...text.matchAll(TAB_LINE)].filter(({ index }) => index >= part.from && index < part.to)
  if (lines.length === 0) return undefined
  const all = [...leaves()]
  for (const { index, 1: blanks = "" } of lines) {
    const offset = index + blanks.length
    if (all.some(({ kind, start, end }) => kind === "closed" && start < offset && offset < end)) continue
    const before = text.slice(0, index).trimEnd().length
    const plain = all.find(({ kind, end }) => kind === "plain" && end === before)
    if (plain === undefined) return { offset, what: "found character that cannot start any token" }
    const deeper = plain.block - (text.lastIndexOf("\n", plain.block - 1) + 1) + 1
    if (blanks.length < deeper) return { offset, what: "found a tab character that violates indentation" }
  }
  return undefined
}
