import { exampleEvent } from "./example-event.ts"
import { logsql } from "./logsql.ts"
import { EVERYTHING } from "./needed.ts"
import { ENDED, USER, WHO_WHAT } from "./parts.ts"
import type { Question } from "./question.ts"

export const impersonation: Question = {
  name: "impersonation",
  title: "Who acted as somebody else?",
  about: "The first name is who was authenticated, the second whom the request was made as.",
  parameters: [
    USER,
    { name: "as", kind: "text", description: "only as this user", example: "admin", optional: true },
  ],
  ask: ({ where }) =>
    logsql`impersonatedUser.username:* ${ENDED} ${where("user", "user.username")}
    ${where("as", "impersonatedUser.username")} | ${WHO_WHAT}`,
  needs: EVERYTHING,
  example: {
    given: {},
    events: [
      exampleEvent({
        at: "03:00:00",
        user: "eve",
        as: "admin",
        verb: "delete",
        resource: "pods",
        namespace: "prod",
        name: "web-1",
      }),
    ],
    others: [
      exampleEvent({
        at: "03:01:00",
        user: "eve",
        verb: "delete",
        resource: "pods",
        namespace: "prod",
        name: "admin",
      }),
    ],
    rows: [
      {
        _time: "2026-11-20T03:00:00Z",
        "user.username": "eve",
        "impersonatedUser.username": "admin",
        verb: "delete",
        "objectRef.resource": "pods",
        "objectRef.namespace": "prod",
        "objectRef.name": "web-1",
        "responseStatus.code": "200",
      },
    ],
  },
}
