import { exampleEvent } from "./example-event.ts"
import { logsql } from "./logsql.ts"
import { EVERYTHING } from "./needed.ts"
import { ENDED, WINDOW } from "./parts.ts"
import type { Question } from "./question.ts"

export const firstTimeActors: Question = {
  name: "first-time-actors",
  title: "Who acts for the first time?",
  about:
    "Actors of the last days that the ledger has no older record of. It can only compare with what it" +
    " holds: right after a ledger begins, everybody is new.",
  parameters: [WINDOW],
  ask: ({ value }) => logsql`_time:${value("window")} user.username:* ${ENDED}
    -user.username:in(_time:>${value("window")} user.username:* | fields user.username)
    | stats by (user.username, actor.kind) min(_time) first, count() requests | sort by (first desc)`,
  needs: EVERYTHING,
  example: {
    given: { window: "1d" },
    events: [
      exampleEvent({ at: "05:00:00", user: "mallory", verb: "list", resource: "pods" }),
      exampleEvent({ at: "05:00:01", user: "mallory", verb: "list", resource: "secrets", code: 403 }),
    ],
    others: [
      exampleEvent({ at: "2026-11-10T05:00:00", verb: "list", resource: "pods" }),
      exampleEvent({ at: "05:00:02", verb: "list", resource: "pods" }),
    ],
    rows: [
      {
        "user.username": "mallory",
        "actor.kind": "human",
        first: "2026-11-20T05:00:00Z",
        requests: "2",
      },
    ],
  },
}
