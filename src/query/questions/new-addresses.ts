import { exampleEvent } from "./example-event.ts"
import { logsql } from "./logsql.ts"
import { EVERYTHING } from "./needed.ts"
import { ENDED, USER, WINDOW } from "./parts.ts"
import type { Question } from "./question.ts"

export const newAddresses: Question = {
  name: "new-addresses",
  title: "From which new addresses do people come?",
  about:
    "Addresses of the last days from which nobody (with --user: not that user) came before. Only the " +
    "last address of the list is certain. It can only compare with what the ledger holds.",
  parameters: [WINDOW, USER],
  ask: ({
    value,
    where,
  }) => logsql`_time:${value("window")} actor.kind:=human ${ENDED} ${where("user", "user.username")}
    sourceIPs:*
    -sourceIPs:in(_time:>${value("window")} actor.kind:=human ${where("user", "user.username")} sourceIPs:*
    | fields sourceIPs)
    | stats by (user.username, sourceIPs) min(_time) first, count() requests | sort by (first desc)`,
  needs: EVERYTHING,
  example: {
    given: { window: "1d" },
    events: [exampleEvent({ at: "06:30:00", verb: "list", resource: "pods", ip: "203.0.113.77" })],
    others: [
      exampleEvent({ at: "2026-11-10T05:00:00", verb: "list", resource: "pods" }),
      exampleEvent({ at: "06:31:00", verb: "list", resource: "pods" }),
      exampleEvent({
        at: "06:32:00",
        user: "system:serviceaccount:ci:deployer",
        verb: "list",
        resource: "pods",
        ip: "203.0.113.78",
      }),
    ],
    rows: [
      {
        "user.username": "alice",
        sourceIPs: '["203.0.113.77"]',
        first: "2026-11-20T06:30:00Z",
        requests: "1",
      },
    ],
  },
}
