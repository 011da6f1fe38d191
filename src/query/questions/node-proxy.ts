import { exampleEvent } from "./example-event.ts"
import { logsql } from "./logsql.ts"
import { BEGUN, NAME, USER } from "./parts.ts"
import type { Question } from "./question.ts"

export const nodeProxy: Question = {
  name: "node-proxy",
  title: "Who talked to kubelets through the API server?",
  about:
    "Through nodes/proxy one can run commands in any container of the node; the kubelet keeps no " +
    "audit log, and admission does not see it.",
  parameters: [NAME, USER],
  ask: ({ where }) => logsql`objectRef.resource:=nodes objectRef.subresource:=proxy ${BEGUN}
    ${where("name", "objectRef.name")} ${where("user", "user.username")}
    | fields _time, stage, user.username, impersonatedUser.username, verb, objectRef.name,
    responseStatus.code, requestURI`,
  needs: [
    {
      group: "",
      resources: ["nodes/proxy"],
      verbs: ["get", "create", "update", "patch", "delete"],
      level: "Metadata",
    },
  ],
  example: {
    given: {},
    events: [
      exampleEvent({
        at: "00:10:00",
        user: "eve",
        verb: "create",
        resource: "nodes",
        subresource: "proxy",
        name: "n1",
        uri: "/api/v1/nodes/n1/proxy/run/prod/web-1/web?cmd=id",
        code: 200,
      }),
    ],
    others: [
      exampleEvent({ at: "00:11:00", verb: "get", resource: "nodes", name: "proxy" }),
      exampleEvent({
        at: "00:12:00",
        verb: "get",
        resource: "services",
        subresource: "proxy",
        namespace: "prod",
        name: "web",
      }),
    ],
    rows: [
      {
        _time: "2026-11-20T00:10:00Z",
        stage: "ResponseComplete",
        "user.username": "eve",
        verb: "create",
        "objectRef.name": "n1",
        "responseStatus.code": "200",
        requestURI: "/api/v1/nodes/n1/proxy/run/prod/web-1/web?cmd=id",
      },
    ],
  },
}
