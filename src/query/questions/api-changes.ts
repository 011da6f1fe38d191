import { exampleEvent } from "./example-event.ts"
import { logsql } from "./logsql.ts"
import { WRITES } from "./needed.ts"
import { CHANGES, ENDED, NAME, USER, WHO_WHAT } from "./parts.ts"
import type { Question } from "./question.ts"

export const apiChanges: Question = {
  name: "api-changes",
  title: "Who changed which APIs there are?",
  about:
    "CustomResourceDefinitions and APIServices. An APIService sends requests for its group, with the " +
    "caller's name, to a server of its choice. Writes to status are left out.",
  parameters: [NAME, USER],
  ask: ({ where }) => logsql`objectRef.resource:in(customresourcedefinitions, apiservices) ${CHANGES} ${ENDED}
    -objectRef.subresource:=status
    ${where("name", "objectRef.name")} ${where("user", "user.username")} | ${WHO_WHAT}`,
  needs: [
    {
      group: "apiextensions.k8s.io",
      resources: ["customresourcedefinitions"],
      verbs: WRITES,
      level: "Metadata",
    },
    { group: "apiregistration.k8s.io", resources: ["apiservices"], verbs: WRITES, level: "Metadata" },
  ],
  example: {
    given: {},
    events: [
      exampleEvent({
        at: "00:30:00",
        user: "eve",
        verb: "create",
        resource: "apiservices",
        group: "apiregistration.k8s.io",
        name: "v1beta1.metrics.example.com",
      }),
    ],
    others: [
      exampleEvent({
        at: "00:31:00",
        user: "system:apiserver",
        verb: "update",
        resource: "customresourcedefinitions",
        group: "apiextensions.k8s.io",
        name: "widgets.example.com",
        subresource: "status",
      }),
      exampleEvent({
        at: "00:32:00",
        verb: "list",
        resource: "customresourcedefinitions",
        group: "apiextensions.k8s.io",
      }),
    ],
    rows: [
      {
        _time: "2026-11-20T00:30:00Z",
        "user.username": "eve",
        verb: "create",
        "objectRef.resource": "apiservices",
        "objectRef.name": "v1beta1.metrics.example.com",
        "responseStatus.code": "201",
      },
    ],
  },
}
