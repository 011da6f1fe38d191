import type { Micros } from "../base/time.ts"
import type { QueryRequest } from "../search/message.ts"

/** Steps of a graph: their length, and how far their bounds are moved back. */
export type Steps = { readonly step: Micros; readonly offset: Micros }

/** Where the step begins that holds this moment. */
export function stepOf(at: Micros, { step, offset }: Steps): Micros {
  return Math.floor((at + offset) / step) * step - offset
}

/**
 * The request for all of its first and of its last step, as VictoriaLogs answers: a graph whose bounds fall into the middle
 * of a step would else begin and end with bars that are too low, and a rule for them would take that for a change.
 */
export function wholeSteps(asked: QueryRequest, steps: Steps): QueryRequest {
  const { start, end } = asked
  return {
    ...asked,
    ...(start === undefined ? {} : { start: stepOf(start, steps) }),
    ...(end === undefined ? {} : { end: stepOf(end, steps) + steps.step - 1 }),
  }
}
