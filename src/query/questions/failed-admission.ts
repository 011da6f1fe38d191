import { exampleEvent } from "./example-event.ts"
import { logsql } from "./logsql.ts"
import { EVERY_CHANGE } from "./needed.ts"
import { CHANGES, ENDED, NAMESPACE, USER, WHO_WHAT } from "./parts.ts"
import type { Question } from "./question.ts"

export const failedAdmission: Question = {
  name: "failed-admission",
  title: "What did admission refuse?",
  about:
    "Requests that authorization allowed and that were refused all the same: by a webhook, a policy, " +
    "a quota, Pod Security, or because the object was wrong (422).",
  parameters: [NAMESPACE, USER],
  ask: ({
    where,
  }) => logsql`"annotations.authorization.k8s.io/decision":=allow responseStatus.code:in(400, 403, 422)
    ${CHANGES} ${ENDED}
    ${where("namespace", "objectRef.namespace")} ${where("user", "user.username")} | ${WHO_WHAT},
    responseStatus.message`,
  needs: EVERY_CHANGE,
  example: {
    given: {},
    events: [
      exampleEvent({
        at: "11:20:00",
        user: "eve",
        verb: "create",
        resource: "pods",
        namespace: "prod",
        name: "debug",
        code: 403,
        message: 'admission webhook "guard.example.com" denied the request: privileged',
        annotations: { "authorization.k8s.io/decision": "allow" },
      }),
    ],
    others: [
      exampleEvent({
        at: "11:21:00",
        verb: "create",
        resource: "pods",
        namespace: "prod",
        name: "debug",
        code: 403,
        message: "pods is forbidden",
      }),
      exampleEvent({ at: "11:22:00", verb: "create", resource: "pods", namespace: "prod", name: "web" }),
    ],
    rows: [
      {
        _time: "2026-11-20T11:20:00Z",
        "user.username": "eve",
        verb: "create",
        "objectRef.resource": "pods",
        "objectRef.namespace": "prod",
        "objectRef.name": "debug",
        "responseStatus.code": "403",
        "responseStatus.message": 'admission webhook "guard.example.com" denied the request: privileged',
      },
    ],
  },
}
