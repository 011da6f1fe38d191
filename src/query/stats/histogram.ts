import { formatNumber, parseNumber } from "../number.ts"
import { fieldValue } from "../row.ts"
import { compareTexts } from "../words.ts"
import { printFields, readOneField, type StatsWord } from "./stats.ts"

/** Buckets for each power of ten; they begin at 10^-9 and end at 10^18. */
const PER_DECADE = 18
const FIRST_EXPONENT = -9
const LAST_EXPONENT = 18

/** `histogram(a)`: how many numbers fall into each bucket of VictoriaMetrics' histograms, as JSON for `unroll`. */
export const histogram: StatsWord = {
  word: "histogram",
  example: `verb:list | len(requestURI) as bytes | stats histogram(bytes) sizes`,
  parse(reader) {
    const field = readOneField(reader, "histogram")
    return {
      print: () => printFields("histogram", [field]),
      fields: [field],
      start() {
        const hits = new Map<string, number>()
        return {
          add: (row) => {
            const number = parseNumber(fieldValue(row, field))
            if (!(number >= 0)) return 0
            const range = rangeOf(number)
            const before = hits.get(range)
            hits.set(range, (before ?? 0) + 1)
            return before === undefined ? 96 : 0
          },
          join: () => 0,
          value: () => {
            const ranges = [...hits].sort(([a], [b]) => compareTexts(a, b))
            return `[${ranges.map(([range, count]) => `{"vmrange":"${range}","hits":${formatNumber(count)}}`).join(",")}]`
          },
        }
      },
    }
  },
}

/** The upper bound belongs to a bucket, the lower one does not, save for the first. */
function rangeOf(number: number): string {
  const place = (Math.log10(number) - FIRST_EXPONENT) * PER_DECADE
  if (place < 0) return `0...${edge(0)}`
  const index = place > 0 && Number.isInteger(place) ? place - 1 : Math.floor(place)
  const count = (LAST_EXPONENT - FIRST_EXPONENT) * PER_DECADE
  if (place >= count) return `${edge(count)}...+Inf`
  return `${edge(index)}...${edge(index + 1)}`
}

function edge(index: number): string {
  const text = (10 ** (FIRST_EXPONENT + index / PER_DECADE)).toExponential(3)
  return text.replace(/e([+-])([0-9])$/, "e$10$2")
}
