import { exampleEvent } from "./example-event.ts"
import { logsql } from "./logsql.ts"
import { BEGUN, NAME, NAMESPACE, USER, WHO_WHAT } from "./parts.ts"
import type { Question } from "./question.ts"

export const portForwards: Question = {
  name: "port-forwards",
  title: "Who forwarded ports of pods?",
  about:
    "Each forward appears when it begins and when it ends. The ports themselves travel inside the " +
    "connection and are in no audit event.",
  parameters: [NAMESPACE, NAME, USER],
  ask: ({ where }) => logsql`objectRef.resource:=pods objectRef.subresource:=portforward ${BEGUN}
    ${where("namespace", "objectRef.namespace")} ${where("name", "objectRef.name")}
    ${where("user", "user.username")} | ${WHO_WHAT}`,
  needs: [{ group: "", resources: ["pods/portforward"], verbs: ["get", "create"], level: "Metadata" }],
  example: {
    given: {},
    events: [
      exampleEvent({
        at: "07:10:00",
        user: "eve",
        verb: "create",
        resource: "pods",
        subresource: "portforward",
        namespace: "prod",
        name: "db-0",
        code: 101,
        stage: "ResponseStarted",
      }),
    ],
    others: [
      exampleEvent({ at: "07:11:00", verb: "get", resource: "pods", namespace: "prod", name: "portforward" }),
      exampleEvent({
        at: "07:12:00",
        verb: "create",
        resource: "pods",
        subresource: "portforward",
        namespace: "prod",
        name: "db-0",
        stage: "RequestReceived",
      }),
    ],
    rows: [
      {
        _time: "2026-11-20T07:10:00Z",
        "user.username": "eve",
        verb: "create",
        "objectRef.resource": "pods",
        "objectRef.subresource": "portforward",
        "objectRef.namespace": "prod",
        "objectRef.name": "db-0",
        "responseStatus.code": "101",
      },
    ],
  },
}
