import { exampleEvent } from "./example-event.ts"
import { logsql } from "./logsql.ts"
import { WRITES } from "./needed.ts"
import { CHANGES, ENDED, NAME, USER, WHO_WHAT } from "./parts.ts"
import type { Question } from "./question.ts"

export const webhookChanges: Question = {
  name: "webhook-changes",
  title: "Who changed admission webhooks and policies?",
  about: "Whoever changes these decides what is checked, or sees every object that is written.",
  parameters: [NAME, USER],
  ask: ({ where }) => logsql`objectRef.apiGroup:="admissionregistration.k8s.io" ${CHANGES} ${ENDED}
    ${where("name", "objectRef.name")} ${where("user", "user.username")}
    | ${WHO_WHAT}, requestObject.webhooks`,
  needs: [
    {
      group: "admissionregistration.k8s.io",
      resources: [
        "mutatingwebhookconfigurations",
        "validatingwebhookconfigurations",
        "validatingadmissionpolicies",
        "validatingadmissionpolicybindings",
        "mutatingadmissionpolicies",
        "mutatingadmissionpolicybindings",
      ],
      verbs: WRITES,
      level: "Request",
    },
  ],
  example: {
    given: {},
    events: [
      exampleEvent({
        at: "00:20:00",
        user: "eve",
        verb: "delete",
        resource: "validatingwebhookconfigurations",
        group: "admissionregistration.k8s.io",
        name: "guard",
      }),
    ],
    others: [
      exampleEvent({
        at: "00:21:00",
        verb: "get",
        resource: "validatingwebhookconfigurations",
        group: "admissionregistration.k8s.io",
        name: "guard",
      }),
      exampleEvent({
        at: "00:22:00",
        verb: "delete",
        resource: "webhooks",
        group: "example.com",
        name: "guard",
      }),
    ],
    rows: [
      {
        _time: "2026-11-20T00:20:00Z",
        "user.username": "eve",
        verb: "delete",
        "objectRef.resource": "validatingwebhookconfigurations",
        "objectRef.name": "guard",
        "responseStatus.code": "200",
      },
    ],
  },
}
