import { exampleEvent } from "./example-event.ts"
import { logsql } from "./logsql.ts"
import { ENDED, NAMESPACE, USER, WHO_WHAT } from "./parts.ts"
import type { Question } from "./question.ts"

export const serviceAccounts: Question = {
  name: "service-accounts",
  title: "Who created service accounts, or gave them rights?",
  about:
    "New service accounts, and bindings whose subjects are service accounts (where bodies are " +
    "recorded).",
  parameters: [NAMESPACE, USER],
  ask: ({ where }) => logsql`((objectRef.resource:=serviceaccounts objectRef.subresource:="" verb:=create)
      or (objectRef.resource:in(rolebindings, clusterrolebindings) verb:in(create, update, patch)
    requestObject.subjects:"ServiceAccount"))
    ${ENDED} ${where("namespace", "objectRef.namespace")} ${where("user", "user.username")}
    | ${WHO_WHAT}, requestObject.roleRef.name, requestObject.subjects`,
  needs: [
    { group: "", resources: ["serviceaccounts"], verbs: ["create"], level: "Metadata" },
    {
      group: "rbac.authorization.k8s.io",
      resources: ["rolebindings", "clusterrolebindings"],
      verbs: ["create", "update", "patch"],
      level: "Request",
    },
  ],
  example: {
    given: {},
    events: [
      exampleEvent({
        at: "00:50:00",
        user: "eve",
        verb: "create",
        resource: "serviceaccounts",
        namespace: "prod",
        name: "helper",
      }),
      exampleEvent({
        at: "00:51:00",
        user: "eve",
        verb: "create",
        resource: "rolebindings",
        group: "rbac.authorization.k8s.io",
        namespace: "prod",
        name: "helper",
        request: {
          kind: "RoleBinding",
          subjects: [{ kind: "ServiceAccount", name: "helper", namespace: "prod" }],
          roleRef: { kind: "ClusterRole", name: "admin" },
        },
      }),
    ],
    others: [
      exampleEvent({
        at: "00:52:00",
        verb: "create",
        resource: "serviceaccounts",
        subresource: "token",
        namespace: "prod",
        name: "helper",
      }),
      exampleEvent({
        at: "00:53:00",
        verb: "create",
        resource: "rolebindings",
        group: "rbac.authorization.k8s.io",
        namespace: "prod",
        name: "people",
        request: {
          kind: "RoleBinding",
          subjects: [{ kind: "User", name: "bob" }],
          roleRef: { kind: "ClusterRole", name: "view" },
        },
      }),
    ],
    rows: [
      {
        _time: "2026-11-20T00:51:00Z",
        "user.username": "eve",
        verb: "create",
        "objectRef.resource": "rolebindings",
        "objectRef.namespace": "prod",
        "objectRef.name": "helper",
        "responseStatus.code": "201",
        "requestObject.roleRef.name": "admin",
        "requestObject.subjects": '[{"kind":"ServiceAccount","name":"helper","namespace":"prod"}]',
      },
      {
        _time: "2026-11-20T00:50:00Z",
        "user.username": "eve",
        verb: "create",
        "objectRef.resource": "serviceaccounts",
        "objectRef.namespace": "prod",
        "objectRef.name": "helper",
        "responseStatus.code": "201",
      },
    ],
  },
}
