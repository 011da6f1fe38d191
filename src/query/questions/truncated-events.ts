import { exampleEvent } from "./example-event.ts"
import { logsql } from "./logsql.ts"
import { EVERYTHING } from "./needed.ts"
import { NAMESPACE, USER, WHO_WHAT } from "./parts.ts"
import type { Question } from "./question.ts"

export const truncatedEvents: Question = {
  name: "truncated-events",
  title: "Which events did the API server cut?",
  about:
    "Larger than --audit-log-truncate-max-event-size (or the webhook's): bodies are left out and an " +
    "annotation says so. Whoever wants a body out of the log makes it large.",
  parameters: [NAMESPACE, USER],
  ask: ({ where }) =>
    logsql`"annotations.audit.k8s.io/truncated":=true ${where("namespace", "objectRef.namespace")}
    ${where("user", "user.username")} | ${WHO_WHAT}`,
  needs: EVERYTHING,
  example: {
    given: {},
    events: [
      exampleEvent({
        at: "12:10:00",
        user: "eve",
        verb: "create",
        resource: "configmaps",
        namespace: "prod",
        name: "large",
        annotations: { "audit.k8s.io/truncated": "true" },
      }),
    ],
    others: [
      exampleEvent({
        at: "12:10:01",
        verb: "create",
        resource: "configmaps",
        namespace: "prod",
        name: "truncated",
      }),
    ],
    rows: [
      {
        _time: "2026-11-20T12:10:00Z",
        "user.username": "eve",
        verb: "create",
        "objectRef.resource": "configmaps",
        "objectRef.namespace": "prod",
        "objectRef.name": "large",
        "responseStatus.code": "201",
      },
    ],
  },
}
