import { exampleEvent } from "./example-event.ts"
import { logsql } from "./logsql.ts"
import { EVERY_CHANGE } from "./needed.ts"
import { CHANGES, ENDED, USER, WHO_WHAT } from "./parts.ts"
import type { Question } from "./question.ts"

export const outsideWorkingHours: Question = {
  name: "outside-working-hours",
  title: "What did people change outside working hours?",
  about:
    "Hours are in UTC and are working hours from Monday to Friday. Only what is done by people, or " +
    "with their credentials.",
  parameters: [
    {
      name: "opens",
      kind: "timeOfDay",
      description: "when work begins, UTC",
      example: "08:00",
      byDefault: "08:00",
    },
    {
      name: "closes",
      kind: "timeOfDay",
      description: "when work ends, UTC",
      example: "18:00",
      byDefault: "18:00",
    },
    USER,
  ],
  ask: ({ value, where }) => logsql`actor.kind:=human ${CHANGES} ${ENDED} ${where("user", "user.username")}
    -(_time:day_range[${value("opens")}, ${value("closes")}) _time:week_range[Mon, Fri]) | ${WHO_WHAT}`,
  needs: EVERY_CHANGE,
  example: {
    given: { opens: "09:00", closes: "17:00" },
    events: [
      exampleEvent({
        at: "17:30:00",
        user: "eve",
        verb: "delete",
        resource: "pods",
        namespace: "prod",
        name: "web-1",
      }),
      exampleEvent({
        at: "2026-11-21T12:00:00",
        user: "eve",
        verb: "delete",
        resource: "pods",
        namespace: "prod",
        name: "web-2",
      }),
    ],
    others: [
      exampleEvent({ at: "12:30:00", verb: "delete", resource: "pods", namespace: "prod", name: "web-1" }),
      exampleEvent({
        at: "18:00:00",
        user: "system:serviceaccount:ci:deployer",
        verb: "patch",
        resource: "deployments",
        group: "apps",
        namespace: "prod",
        name: "web",
      }),
      exampleEvent({ at: "18:01:00", verb: "list", resource: "pods" }),
    ],
    rows: [
      {
        _time: "2026-11-21T12:00:00Z",
        "user.username": "eve",
        verb: "delete",
        "objectRef.resource": "pods",
        "objectRef.namespace": "prod",
        "objectRef.name": "web-2",
        "responseStatus.code": "200",
      },
      {
        _time: "2026-11-20T17:30:00Z",
        "user.username": "eve",
        verb: "delete",
        "objectRef.resource": "pods",
        "objectRef.namespace": "prod",
        "objectRef.name": "web-1",
        "responseStatus.code": "200",
      },
    ],
  },
}
