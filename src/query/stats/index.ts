import { any } from "./any.ts"
import { count, countEmpty } from "./count.ts"
import { fieldMax, fieldMin } from "./field_min.ts"
import { histogram } from "./histogram.ts"
import { jsonValues } from "./json_values.ts"
import { max, min } from "./min.ts"
import { median, quantile } from "./quantile.ts"
import { rate } from "./rate.ts"
import { rowAny, rowMax, rowMin } from "./row_min.ts"
import type { StatsWord } from "./stats.ts"
import { stddev } from "./stddev.ts"
import { avg, rateSum, sum, sumLen } from "./sum.ts"
import { countUniq, countUniqHash, uniqValues, values } from "./uniq.ts"

/** Functions of `| stats`. A new one is a file here and a line below. */
export const STATS: readonly StatsWord[] = [
  any,
  avg,
  count,
  countEmpty,
  countUniq,
  countUniqHash,
  fieldMax,
  fieldMin,
  histogram,
  jsonValues,
  max,
  median,
  min,
  quantile,
  rate,
  rateSum,
  rowAny,
  rowMax,
  rowMin,
  stddev,
  sum,
  sumLen,
  uniqValues,
  values,
]
