import { exampleEvent } from "./example-event.ts"
import { logsql } from "./logsql.ts"
import { EVERYTHING } from "./needed.ts"
import { ENDED, WHO_WHAT } from "./parts.ts"
import type { Question } from "./question.ts"

export const eventsFromAddress: Question = {
  name: "events-from-address",
  title: "What came from this address?",
  about:
    "Only the last address of an event is certain: the API server saw it. Those before it were sent " +
    "by the client.",
  parameters: [
    { name: "ip", kind: "text", description: "the address, as events have it", example: "192.0.2.9" },
  ],
  ask: ({ where }) => logsql`${where("ip", "sourceIPs")} ${ENDED} | ${WHO_WHAT}, sourceIPs`,
  needs: EVERYTHING,
  example: {
    given: { ip: "192.0.2.9" },
    events: [exampleEvent({ at: "12:00:00", user: "eve", verb: "list", resource: "pods", ip: "192.0.2.9" })],
    others: [exampleEvent({ at: "12:00:01", user: "eve", verb: "list", resource: "pods", ip: "192.0.2.99" })],
    rows: [
      {
        _time: "2026-11-20T12:00:00Z",
        "user.username": "eve",
        verb: "list",
        "objectRef.resource": "pods",
        "responseStatus.code": "200",
        sourceIPs: '["192.0.2.9"]',
      },
    ],
  },
}
