import { type Attributes, type Decision, LEVELS, type Level } from "./policy.ts"
import { isLongRunning } from "./request-info.ts"
import type { Sizes } from "./sighting.ts"
import type { Cell, Tally } from "./traffic.ts"

/** What recorded events would be under another treatment, as far as their own bytes tell. */
export type Weight = {
  readonly events: number
  readonly bytes: number
  /** Events that would have a body which was not recorded: its size is not in `bytes`. */
  readonly unseenRequests: number
  readonly unseenResponses: number
}

export const NOTHING: Weight = { events: 0, bytes: 0, unseenRequests: 0, unseenResponses: 0 }

export function weigh(
  { stage, level = "Metadata", events, bytes }: Tally,
  { verb, isResourceRequest }: Attributes,
  { level: wanted, omitStages, omitManagedFields }: Decision,
): Weight {
  if (wanted === "None" || omitStages.includes(stage)) return NOTHING
  const keepsRequest = rankOf(wanted) >= REQUEST
  const keepsResponse = rankOf(wanted) > REQUEST
  // A patch is the client's own text: the server takes no managedFields out of it.
  const managed =
    (keepsRequest && verb !== "patch" ? bytes.requestManaged : 0) +
    (keepsResponse ? bytes.responseManaged : 0)
  const left =
    bytes.whole -
    (keepsRequest ? 0 : bytes.request + bytes.patches) -
    (keepsResponse ? 0 : bytes.response) -
    (omitManagedFields ? managed : 0) +
    events * (wanted.length - level.length)
  const mayHaveBodies = isResourceRequest && verb !== "watch" && stage === "ResponseComplete"
  const isUnseen = (kept: boolean, needed: number): boolean => mayHaveBodies && kept && rankOf(level) < needed
  return {
    ...{ events, bytes: left },
    unseenRequests: isUnseen(keepsRequest && sendsBody(verb), REQUEST) ? events : 0,
    unseenResponses: isUnseen(keepsResponse, REQUEST + 1) ? events : 0,
  }
}

const REQUEST = LEVELS.indexOf("Request")

function rankOf(level: Level): number {
  return LEVELS.indexOf(level)
}

export function sendsBody(verb: string): boolean {
  return ["create", "update", "patch", "delete", "deletecollection"].includes(verb)
}

/** Whether it tells of a request that had not ended. */
export function isEarlier({ stage }: Tally): boolean {
  return stage === "RequestReceived" || stage === "ResponseStarted"
}

/**
 * Events of earlier stages that must have been, though the policy of the day left them out: every request that ended was
 * received (but for a failed authentication), and one that lasts has started. They hold what the end held, without
 * bodies, and a RequestReceived without status and annotations. A cell may hold requests whose stages were recorded and others
 * whose were not, so what was recorded is taken off what must have been.
 */
export function impliedTallies({ attributes, tallies }: Cell): readonly Tally[] {
  if (attributes.user === undefined) return []
  const ended = tallies.filter((tally) => !isEarlier(tally))
  const stages = isLongRunning(attributes)
    ? (["RequestReceived", "ResponseStarted"] as const)
    : (["RequestReceived"] as const)
  return stages.flatMap((stage) => {
    let recorded = tallies.reduce((sum, tally) => sum + (tally.stage === stage ? tally.events : 0), 0)
    return ended.flatMap((tally) => {
      const taken = Math.min(recorded, tally.events)
      recorded -= taken
      return taken === tally.events ? [] : [earlier(partOf(tally, tally.events - taken), stage)]
    })
  })
}

/** So many of a tally's events, each like their mean. */
function partOf(tally: Tally, events: number): Tally {
  if (events === tally.events) return tally
  const share = events / tally.events
  const { whole, request, response, patches, ending, requestManaged, responseManaged } = tally.bytes
  const of = (bytes: number) => bytes * share
  return {
    ...tally,
    events,
    bytes: {
      ...{ whole: of(whole), request: of(request), response: of(response), patches: of(patches) },
      ...{ ending: of(ending), requestManaged: of(requestManaged), responseManaged: of(responseManaged) },
    },
  }
}

function earlier(tally: Tally, stage: "RequestReceived" | "ResponseStarted"): Tally {
  const { whole, request, response, ending, patches } = tally.bytes
  const isStart = stage === "ResponseStarted"
  const named = tally.events * (stage.length - tally.stage.length)
  const rest = whole - request - response + named - (isStart ? patches : ending)
  const bytes: Sizes = {
    ...{ whole: rest, request: 0, response: 0, patches: 0, requestManaged: 0, responseManaged: 0 },
    ending: isStart ? ending - patches : 0,
  }
  return { ...tally, stage, bytes, requests: 0, responses: 0 }
}
