import { exampleEvent } from "./example-event.ts"
import { logsql } from "./logsql.ts"
import { ENDED, NAMESPACE, USER, WHO_WHAT } from "./parts.ts"
import type { Question } from "./question.ts"

export const deletions: Question = {
  name: "deletions",
  title: "What was deleted, and by whom?",
  about:
    "A deletecollection names no object: it deletes everything that its selector (in requestURI) " +
    "matches. Objects that are deleted with their owner or namespace are deleted by controllers, " +
    "later.",
  parameters: [NAMESPACE, USER],
  ask: ({ where }) =>
    logsql`verb:in(delete, deletecollection) ${ENDED} ${where("namespace", "objectRef.namespace")}
    ${where("user", "user.username")} | ${WHO_WHAT}`,
  needs: [{ group: "*", resources: ["*"], verbs: ["delete", "deletecollection"], level: "Metadata" }],
  example: {
    given: { namespace: "prod" },
    events: [
      exampleEvent({
        at: "04:00:00",
        verb: "delete",
        resource: "deployments",
        group: "apps",
        namespace: "prod",
        name: "web",
      }),
      exampleEvent({
        at: "04:01:00",
        user: "eve",
        verb: "deletecollection",
        resource: "configmaps",
        namespace: "prod",
        query: "labelSelector=app%3Dweb",
      }),
    ],
    others: [
      exampleEvent({
        at: "04:02:00",
        verb: "delete",
        resource: "deployments",
        group: "apps",
        namespace: "test",
        name: "web",
      }),
      exampleEvent({
        at: "04:03:00",
        verb: "update",
        resource: "deployments",
        group: "apps",
        namespace: "prod",
        name: "delete",
      }),
    ],
    rows: [
      {
        _time: "2026-11-20T04:01:00Z",
        "user.username": "eve",
        verb: "deletecollection",
        "objectRef.resource": "configmaps",
        "objectRef.namespace": "prod",
        "responseStatus.code": "200",
      },
      {
        _time: "2026-11-20T04:00:00Z",
        "user.username": "alice",
        verb: "delete",
        "objectRef.resource": "deployments",
        "objectRef.namespace": "prod",
        "objectRef.name": "web",
        "responseStatus.code": "200",
      },
    ],
  },
}
