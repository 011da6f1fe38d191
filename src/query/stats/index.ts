import { count, countEmpty } from "./count.ts"
import { max, min } from "./min.ts"
import { median, quantile } from "./quantile.ts"
import { rowAny, rowMax, rowMin } from "./row_min.ts"
import type { StatsWord } from "./stats.ts"
import { avg, sum, sumLen } from "./sum.ts"
import { countUniq, countUniqHash, uniqValues, values } from "./uniq.ts"

/** Functions of `| stats`. A new one is a file here and a line below. */
export const STATS: readonly StatsWord[] = [
  avg,
  count,
  countEmpty,
  countUniq,
  countUniqHash,
  max,
  median,
  min,
  quantile,
  rowAny,
  rowMax,
  rowMin,
  sum,
  sumLen,
  uniqValues,
  values,
]
