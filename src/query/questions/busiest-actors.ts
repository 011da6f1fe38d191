import { exampleEvent } from "./example-event.ts"
import { logsql } from "./logsql.ts"
import { EVERYTHING } from "./needed.ts"
import { ENDED, NAMESPACE } from "./parts.ts"
import type { Question } from "./question.ts"

export const busiestActors: Question = {
  name: "busiest-actors",
  title: "Who makes the most requests?",
  about: "Requests, and the bytes of all their events. `tallystick top` counts by other fields.",
  parameters: [NAMESPACE],
  ask: ({ where }) => logsql`kind:=k8s.audit ${where("namespace", "objectRef.namespace")}
    | stats by (user.username, actor.kind) count() if (${ENDED}) requests, sum_len(raw) bytes | filter
    requests:>0 | sort by (requests desc, bytes desc)`,
  needs: EVERYTHING,
  example: {
    given: { namespace: "dev" },
    events: [
      exampleEvent({
        at: "11:50:00",
        user: "bob",
        verb: "list",
        resource: "pods",
        namespace: "dev",
        stage: "RequestReceived",
      }),
      exampleEvent({ at: "11:50:00", user: "bob", verb: "list", resource: "pods", namespace: "dev" }),
      exampleEvent({ at: "11:50:01", user: "bob", verb: "list", resource: "pods", namespace: "dev" }),
      exampleEvent({ at: "11:50:02", verb: "list", resource: "pods", namespace: "dev" }),
    ],
    others: [exampleEvent({ at: "11:50:03", verb: "list", resource: "pods", namespace: "prod" })],
    rows: [
      { "user.username": "bob", "actor.kind": "human", requests: "2", bytes: "1911" },
      { "user.username": "alice", "actor.kind": "human", requests: "1", bytes: "654" },
    ],
  },
}
