import { exampleEvent } from "./example-event.ts"
import { logsql } from "./logsql.ts"
import { EVERYTHING } from "./needed.ts"
import { ENDED, NAME, NAMESPACE, WHO_WHAT } from "./parts.ts"
import type { Question } from "./question.ts"

export const whoTouchedObject: Question = {
  name: "who-touched-object",
  title: "Who touched this object?",
  about:
    "Everything that names it, reads included. Requests for many objects (list, watch, " +
    "deletecollection) name none and are not here.",
  parameters: [
    { name: "resource", kind: "text", description: "plural name of the resource", example: "secrets" },
    { ...NAME, description: "name of the object", optional: false },
    NAMESPACE,
  ],
  ask: ({ where }) =>
    logsql`${where("resource", "objectRef.resource")} ${where("name", "objectRef.name")}
    ${where("namespace", "objectRef.namespace")} ${ENDED} | ${WHO_WHAT}`,
  needs: EVERYTHING,
  example: {
    given: { resource: "secrets", name: "db-password", namespace: "prod" },
    events: [
      exampleEvent({
        at: "11:30:00",
        verb: "get",
        resource: "secrets",
        namespace: "prod",
        name: "db-password",
      }),
      exampleEvent({
        at: "11:31:00",
        user: "eve",
        verb: "patch",
        resource: "secrets",
        namespace: "prod",
        name: "db-password",
      }),
    ],
    others: [
      exampleEvent({
        at: "11:32:00",
        verb: "get",
        resource: "configmaps",
        namespace: "prod",
        name: "db-password",
      }),
      exampleEvent({
        at: "11:33:00",
        verb: "get",
        resource: "secrets",
        namespace: "test",
        name: "db-password",
      }),
      exampleEvent({
        at: "11:34:00",
        verb: "get",
        resource: "secrets",
        namespace: "prod",
        name: "db-password-2",
      }),
    ],
    rows: [
      {
        _time: "2026-11-20T11:31:00Z",
        "user.username": "eve",
        verb: "patch",
        "objectRef.resource": "secrets",
        "objectRef.namespace": "prod",
        "objectRef.name": "db-password",
        "responseStatus.code": "200",
      },
      {
        _time: "2026-11-20T11:30:00Z",
        "user.username": "alice",
        verb: "get",
        "objectRef.resource": "secrets",
        "objectRef.namespace": "prod",
        "objectRef.name": "db-password",
        "responseStatus.code": "200",
      },
    ],
  },
}
