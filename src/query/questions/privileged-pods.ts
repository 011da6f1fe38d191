import { exampleEvent } from "./example-event.ts"
import { logsql } from "./logsql.ts"
import { ENDED, NAMESPACE, USER, WHO_WHAT } from "./parts.ts"
import type { Question } from "./question.ts"

export const privilegedPods: Question = {
  name: "privileged-pods",
  title: "Who created pods that can take over their node?",
  about:
    "Privileged containers, host namespaces and host paths, in pods and in what makes pods. Needs " +
    "bodies (level Request or above); what a mutating webhook added is not in the request.",
  parameters: [NAMESPACE, USER],
  ask: ({
    where,
  }) => logsql`verb:in(create, update, patch) ${ENDED} ${where("namespace", "objectRef.namespace")}
    ${where("user", "user.username")}
    (requestObject.spec.hostPID:=true or requestObject.spec.hostIPC:=true or
    requestObject.spec.hostNetwork:=true
      or requestObject.spec.template.spec.hostPID:=true or requestObject.spec.template.spec.hostIPC:=true
      or requestObject.spec.template.spec.hostNetwork:=true
      or requestObject.spec.volumes:"hostPath" or requestObject.spec.template.spec.volumes:"hostPath"
      or requestObject.spec.containers:~"\\"privileged\\":true" or
    requestObject.spec.initContainers:~"\\"privileged\\":true"
      or requestObject.spec.template.spec.containers:~"\\"privileged\\":true"
      or requestObject.spec.template.spec.initContainers:~"\\"privileged\\":true")
    | ${WHO_WHAT}`,
  needs: [
    {
      group: "",
      resources: ["pods", "replicationcontrollers"],
      verbs: ["create", "update", "patch"],
      level: "Request",
    },
    {
      group: "apps",
      resources: ["deployments", "daemonsets", "statefulsets", "replicasets"],
      verbs: ["create", "update", "patch"],
      level: "Request",
    },
    { group: "batch", resources: ["jobs"], verbs: ["create", "update", "patch"], level: "Request" },
  ],
  example: {
    given: {},
    events: [
      exampleEvent({
        at: "00:40:00",
        user: "eve",
        verb: "create",
        resource: "pods",
        namespace: "prod",
        name: "debug",
        request: {
          kind: "Pod",
          apiVersion: "v1",
          spec: { containers: [{ name: "c", image: "busybox", securityContext: { privileged: true } }] },
        },
      }),
      exampleEvent({
        at: "00:41:00",
        user: "eve",
        verb: "create",
        resource: "deployments",
        group: "apps",
        namespace: "prod",
        name: "agent",
        request: {
          kind: "Deployment",
          apiVersion: "apps/v1",
          spec: { template: { spec: { hostPID: true, containers: [{ name: "c", image: "busybox" }] } } },
        },
      }),
      exampleEvent({
        at: "00:42:00",
        user: "eve",
        verb: "create",
        resource: "pods",
        namespace: "prod",
        name: "disk",
        request: {
          kind: "Pod",
          apiVersion: "v1",
          spec: {
            volumes: [{ name: "root", hostPath: { path: "/" } }],
            containers: [{ name: "c", image: "busybox" }],
          },
        },
      }),
    ],
    others: [
      exampleEvent({
        at: "00:43:00",
        verb: "create",
        resource: "pods",
        namespace: "prod",
        name: "web",
        request: {
          kind: "Pod",
          apiVersion: "v1",
          spec: {
            hostPID: false,
            containers: [{ name: "c", image: "busybox", securityContext: { privileged: false } }],
          },
        },
      }),
    ],
    rows: [
      {
        _time: "2026-11-20T00:42:00Z",
        "user.username": "eve",
        verb: "create",
        "objectRef.resource": "pods",
        "objectRef.namespace": "prod",
        "objectRef.name": "disk",
        "responseStatus.code": "201",
      },
      {
        _time: "2026-11-20T00:41:00Z",
        "user.username": "eve",
        verb: "create",
        "objectRef.resource": "deployments",
        "objectRef.namespace": "prod",
        "objectRef.name": "agent",
        "responseStatus.code": "201",
      },
      {
        _time: "2026-11-20T00:40:00Z",
        "user.username": "eve",
        verb: "create",
        "objectRef.resource": "pods",
        "objectRef.namespace": "prod",
        "objectRef.name": "debug",
        "responseStatus.code": "201",
      },
    ],
  },
}
