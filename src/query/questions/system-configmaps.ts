import { exampleEvent } from "./example-event.ts"
import { logsql } from "./logsql.ts"
import { WRITES } from "./needed.ts"
import { CHANGES, ENDED, NAME, NAMESPACE, USER, WHO_WHAT } from "./parts.ts"
import type { Question } from "./question.ts"

export const systemConfigmaps: Question = {
  name: "system-configmaps",
  title: "Who changed ConfigMaps of the system?",
  about:
    "ConfigMaps of kube-system hold who may authenticate (extension-apiserver-authentication, aws-" +
    "auth), DNS, and the configuration of kubelets and kube-proxy.",
  parameters: [
    { ...NAMESPACE, description: "the namespace of the system", byDefault: "kube-system", optional: false },
    NAME,
    USER,
  ],
  ask: ({
    where,
  }) => logsql`objectRef.resource:=configmaps ${CHANGES} ${ENDED} -actor.kind:in(controller, controlplane)
    ${where("namespace", "objectRef.namespace")} ${where("name", "objectRef.name")}
    ${where("user", "user.username")} | ${WHO_WHAT}`,
  needs: [{ group: "", resources: ["configmaps"], verbs: WRITES, level: "Metadata" }],
  example: {
    given: {},
    events: [
      exampleEvent({
        at: "11:10:00",
        user: "eve",
        verb: "patch",
        resource: "configmaps",
        namespace: "kube-system",
        name: "aws-auth",
      }),
    ],
    others: [
      exampleEvent({
        at: "11:11:00",
        verb: "patch",
        resource: "configmaps",
        namespace: "prod",
        name: "aws-auth",
      }),
      exampleEvent({
        at: "11:12:00",
        user: "system:kube-scheduler",
        verb: "update",
        resource: "configmaps",
        namespace: "kube-system",
        name: "lock",
      }),
    ],
    rows: [
      {
        _time: "2026-11-20T11:10:00Z",
        "user.username": "eve",
        verb: "patch",
        "objectRef.resource": "configmaps",
        "objectRef.namespace": "kube-system",
        "objectRef.name": "aws-auth",
        "responseStatus.code": "200",
      },
    ],
  },
}
