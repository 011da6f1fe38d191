import { RE2JS } from "re2js"

/** A regular expression of RE2: linear in the text, whoever wrote it. The one file that knows re2js. */
export type LinearRegexp = {
  readonly source: string
  /** Whether it matches anywhere in the text. */
  test(text: string): boolean
  /**
   * Where it matches, without overlaps, from left to right: the first group where it has one, else all of the
   * match.
   */
  ranges(text: string): readonly Range[]
  /** Names of groups → their numbers. */
  readonly names: Readonly<Record<string, number>>
  /**
   * Every match without overlaps, from left to right, with its groups, the whole match first. Empty ones too, but not right
   * behind another, as Go has it.
   */
  matches(text: string): Generator<Match>
}

export type Match = {
  readonly start: number
  readonly end: number
  /** Texts of the groups; undefined where a group took no part. */
  readonly groups: readonly (string | undefined)[]
}

/** `text.slice(start, end)`; never empty. */
export type Range = { readonly start: number; readonly end: number }

/**
 * Throws what re2js throws, with its reason as message, for what RE2 does not know: back references,
 * look-around.
 */
export function compileLinear(source: string): LinearRegexp {
  const compiled = RE2JS.compile(source)
  const group = compiled.groupCount() > 0 ? 1 : 0
  return {
    source,
    test: (text) => compiled.matcher(text).find(),
    ranges(text) {
      const matcher = compiled.matcher(text)
      const found: Range[] = []
      while (matcher.find()) {
        const [start, end] = [matcher.start(group), matcher.end(group)]
        if (start >= 0 && end > start) found.push({ start, end })
      }
      return found
    },
    names: compiled.namedGroups(),
    *matches(text) {
      const matcher = compiled.matcher(text)
      let before = -1
      while (matcher.find()) {
        const [start, end] = [matcher.start(), matcher.end()]
        if (start === end && start === before) continue
        before = end
        const groups: (string | undefined)[] = []
        for (let i = 0; i <= compiled.groupCount(); i++) groups.push(matcher.group(i) ?? undefined)
        yield { start, end, groups }
      }
    },
  }
}
