import { exampleEvent } from "./example-event.ts"
import { logsql } from "./logsql.ts"
import { READS } from "./needed.ts"
import { BEGUN, ENDED, NAME, NAMESPACE, USER, WHO_WHAT } from "./parts.ts"
import type { Question } from "./question.ts"

export const whoReadSecrets: Question = {
  name: "who-read-secrets",
  title: "Who read Secrets?",
  about:
    "Reading is get, list and watch. A list returns every Secret of its namespace, or of the cluster " +
    "where no namespace is named. A watch is shown when it begins.",
  parameters: [NAMESPACE, NAME, USER],
  ask: ({
    where,
  }) => logsql`objectRef.resource:=secrets verb:in(get, list, watch) (${ENDED} or verb:=watch ${BEGUN})
    ${where("namespace", "objectRef.namespace")} ${where("name", "objectRef.name")}
    ${where("user", "user.username")} | ${WHO_WHAT}`,
  needs: [{ group: "", resources: ["secrets"], verbs: READS, level: "Metadata" }],
  example: {
    given: { namespace: "prod" },
    events: [
      exampleEvent({
        at: "10:00:00",
        verb: "get",
        resource: "secrets",
        namespace: "prod",
        name: "db-password",
      }),
      exampleEvent({
        at: "10:05:00",
        user: "eve",
        verb: "list",
        resource: "secrets",
        namespace: "prod",
        code: 403,
      }),
      exampleEvent({
        at: "10:06:00",
        user: "eve",
        verb: "watch",
        resource: "secrets",
        namespace: "prod",
        stage: "ResponseStarted",
      }),
    ],
    others: [
      exampleEvent({
        at: "10:01:00",
        verb: "get",
        resource: "secrets",
        namespace: "prod",
        name: "db-password",
        stage: "RequestReceived",
      }),
      exampleEvent({
        at: "10:02:00",
        verb: "get",
        resource: "secrets",
        namespace: "test",
        name: "db-password",
      }),
      exampleEvent({
        at: "10:03:00",
        verb: "create",
        resource: "secrets",
        namespace: "prod",
        name: "db-password",
      }),
      exampleEvent({
        at: "10:04:00",
        verb: "get",
        resource: "configmaps",
        namespace: "prod",
        name: "secrets",
      }),
    ],
    rows: [
      {
        _time: "2026-11-20T10:06:00Z",
        "user.username": "eve",
        verb: "watch",
        "objectRef.resource": "secrets",
        "objectRef.namespace": "prod",
        "responseStatus.code": "200",
      },
      {
        _time: "2026-11-20T10:05:00Z",
        "user.username": "eve",
        verb: "list",
        "objectRef.resource": "secrets",
        "objectRef.namespace": "prod",
        "responseStatus.code": "403",
      },
      {
        _time: "2026-11-20T10:00:00Z",
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
