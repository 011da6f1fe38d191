import { exampleEvent } from "./example-event.ts"
import { logsql } from "./logsql.ts"
import { WRITES } from "./needed.ts"
import { CHANGES, ENDED, NAME, NAMESPACE, USER } from "./parts.ts"
import type { Question } from "./question.ts"

export const whoChangedRbac: Question = {
  name: "who-changed-rbac",
  title: "Who changed roles and bindings, and to what?",
  about:
    "The last columns are what was asked for: needs a policy that records bodies of RBAC resources " +
    "(level Request or above). A patch shows what it changes only.",
  parameters: [NAMESPACE, NAME, USER],
  ask: ({ where }) => logsql`objectRef.apiGroup:="rbac.authorization.k8s.io" ${CHANGES} ${ENDED}
    ${where("namespace", "objectRef.namespace")} ${where("name", "objectRef.name")}
    ${where("user", "user.username")}
    | fields _time, user.username, impersonatedUser.username, verb, objectRef.resource,
    objectRef.namespace, objectRef.name,
      responseStatus.code, requestObject.roleRef.name, requestObject.subjects, requestObject.rules`,
  needs: [
    {
      group: "rbac.authorization.k8s.io",
      resources: ["roles", "rolebindings", "clusterroles", "clusterrolebindings"],
      verbs: WRITES,
      level: "Request",
    },
  ],
  example: {
    given: {},
    events: [
      exampleEvent({
        at: "09:00:00",
        user: "eve",
        verb: "create",
        resource: "clusterrolebindings",
        group: "rbac.authorization.k8s.io",
        name: "helper",
        request: {
          kind: "ClusterRoleBinding",
          apiVersion: "rbac.authorization.k8s.io/v1",
          metadata: { name: "helper" },
          subjects: [{ kind: "User", apiGroup: "rbac.authorization.k8s.io", name: "eve" }],
          roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
        },
      }),
      exampleEvent({
        at: "09:01:00",
        verb: "delete",
        resource: "roles",
        group: "rbac.authorization.k8s.io",
        namespace: "prod",
        name: "reader",
      }),
    ],
    others: [
      exampleEvent({
        at: "09:02:00",
        verb: "list",
        resource: "clusterroles",
        group: "rbac.authorization.k8s.io",
      }),
      exampleEvent({
        at: "09:03:00",
        verb: "create",
        resource: "roles",
        group: "iam.example.com",
        name: "reader",
      }),
    ],
    rows: [
      {
        _time: "2026-11-20T09:01:00Z",
        "user.username": "alice",
        verb: "delete",
        "objectRef.resource": "roles",
        "objectRef.namespace": "prod",
        "objectRef.name": "reader",
        "responseStatus.code": "200",
      },
      {
        _time: "2026-11-20T09:00:00Z",
        "user.username": "eve",
        verb: "create",
        "objectRef.resource": "clusterrolebindings",
        "objectRef.name": "helper",
        "responseStatus.code": "201",
        "requestObject.roleRef.name": "cluster-admin",
        "requestObject.subjects": '[{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"eve"}]',
      },
    ],
  },
}
