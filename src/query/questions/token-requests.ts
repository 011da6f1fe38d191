import { exampleEvent } from "./example-event.ts"
import { logsql } from "./logsql.ts"
import { ENDED, NAME, NAMESPACE, USER, WHO_WHAT } from "./parts.ts"
import type { Question } from "./question.ts"

export const tokenRequests: Question = {
  name: "token-requests",
  title: "Who asked for tokens of service accounts?",
  about:
    "Kubelets and controllers do this all the time and are left out. A person who does it holds a " +
    "credential that outlives the session. The lifetime asked for is shown where bodies are recorded.",
  parameters: [NAMESPACE, NAME, USER],
  ask: ({
    where,
  }) => logsql`objectRef.resource:=serviceaccounts objectRef.subresource:=token verb:=create ${ENDED}
    -actor.kind:in(node, controller, controlplane)
    ${where("namespace", "objectRef.namespace")} ${where("name", "objectRef.name")}
    ${where("user", "user.username")}
    | ${WHO_WHAT}, requestObject.spec.expirationSeconds`,
  needs: [{ group: "", resources: ["serviceaccounts/token"], verbs: ["create"], level: "Request" }],
  example: {
    given: {},
    events: [
      exampleEvent({
        at: "01:00:00",
        user: "eve",
        verb: "create",
        resource: "serviceaccounts",
        subresource: "token",
        namespace: "kube-system",
        name: "admin",
        request: {
          kind: "TokenRequest",
          apiVersion: "authentication.k8s.io/v1",
          spec: { audiences: null, expirationSeconds: 31536000 },
        },
      }),
    ],
    others: [
      exampleEvent({
        at: "01:01:00",
        user: "system:node:n1",
        verb: "create",
        resource: "serviceaccounts",
        subresource: "token",
        namespace: "prod",
        name: "web",
      }),
      exampleEvent({
        at: "01:02:00",
        verb: "create",
        resource: "serviceaccounts",
        namespace: "prod",
        name: "token",
      }),
    ],
    rows: [
      {
        _time: "2026-11-20T01:00:00Z",
        "user.username": "eve",
        verb: "create",
        "objectRef.resource": "serviceaccounts",
        "objectRef.subresource": "token",
        "objectRef.namespace": "kube-system",
        "objectRef.name": "admin",
        "responseStatus.code": "201",
        "requestObject.spec.expirationSeconds": "31536000",
      },
    ],
  },
}
