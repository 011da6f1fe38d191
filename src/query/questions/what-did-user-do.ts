import { exampleEvent } from "./example-event.ts"
import { logsql } from "./logsql.ts"
import { EVERYTHING } from "./needed.ts"
import { ENDED, NAMESPACE, USER, WHO_WHAT } from "./parts.ts"
import type { Question } from "./question.ts"

export const whatDidUserDo: Question = {
  name: "what-did-user-do",
  title: "What did this user do?",
  about:
    "Requests of the user, and of others who acted as this user (impersonation). A name alone is no " +
    "proof of a person: see the addresses and the credential.",
  parameters: [{ ...USER, description: "the user, as the API server calls it", optional: false }, NAMESPACE],
  ask: ({
    where,
  }) => logsql`(${where("user", "user.username")} or ${where("user", "impersonatedUser.username")}) ${ENDED}
    ${where("namespace", "objectRef.namespace")} | ${WHO_WHAT}, sourceIPs`,
  needs: EVERYTHING,
  example: {
    given: { user: "eve" },
    events: [
      exampleEvent({
        at: "08:00:00",
        user: "eve",
        verb: "delete",
        resource: "pods",
        namespace: "prod",
        name: "web-1",
        ip: "192.0.2.9",
      }),
      exampleEvent({
        at: "08:01:00",
        user: "admin",
        as: "eve",
        verb: "list",
        resource: "pods",
        namespace: "prod",
      }),
    ],
    others: [
      exampleEvent({
        at: "08:02:00",
        user: "evelyn",
        verb: "get",
        resource: "pods",
        namespace: "prod",
        name: "web-1",
      }),
      exampleEvent({ at: "08:03:00", user: "system:serviceaccount:ci:eve", verb: "list", resource: "pods" }),
    ],
    rows: [
      {
        _time: "2026-11-20T08:01:00Z",
        "user.username": "admin",
        "impersonatedUser.username": "eve",
        verb: "list",
        "objectRef.resource": "pods",
        "objectRef.namespace": "prod",
        "responseStatus.code": "200",
        sourceIPs: '["10.0.0.7"]',
      },
      {
        _time: "2026-11-20T08:00:00Z",
        "user.username": "eve",
        verb: "delete",
        "objectRef.resource": "pods",
        "objectRef.namespace": "prod",
        "objectRef.name": "web-1",
        "responseStatus.code": "200",
        sourceIPs: '["192.0.2.9"]',
      },
    ],
  },
}
