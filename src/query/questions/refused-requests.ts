import { exampleEvent } from "./example-event.ts"
import { logsql } from "./logsql.ts"
import { EVERYTHING } from "./needed.ts"
import { ENDED, USER } from "./parts.ts"
import type { Question } from "./question.ts"

export const refusedRequests: Question = {
  name: "refused-requests",
  title: "Whose requests were refused, and how often?",
  about:
    "401: nobody was authenticated, so there is no name. 403: authorization or admission said no. The" +
    " last column is the newest of them.",
  parameters: [USER],
  ask: ({ where }) => logsql`responseStatus.code:in(401, 403) ${ENDED} ${where("user", "user.username")}
    | stats by (user.username, verb, objectRef.resource, objectRef.namespace, responseStatus.code) count()
    requests, max(_time) last
    | sort by (requests desc, last desc)`,
  needs: EVERYTHING,
  example: {
    given: {},
    events: [
      exampleEvent({
        at: "06:00:00",
        user: "eve",
        verb: "list",
        resource: "secrets",
        namespace: "prod",
        code: 403,
      }),
      exampleEvent({
        at: "06:00:01",
        user: "eve",
        verb: "list",
        resource: "secrets",
        namespace: "prod",
        code: 403,
      }),
      exampleEvent({
        at: "06:00:02",
        user: "",
        verb: "get",
        resource: "pods",
        namespace: "prod",
        name: "web-1",
        code: 401,
        stage: "ResponseStarted",
      }),
    ],
    others: [
      exampleEvent({
        at: "06:00:03",
        verb: "get",
        resource: "pods",
        namespace: "prod",
        name: "web-9",
        code: 404,
      }),
      exampleEvent({ at: "06:00:04", verb: "list", resource: "pods", namespace: "prod" }),
    ],
    rows: [
      {
        "user.username": "eve",
        verb: "list",
        "objectRef.resource": "secrets",
        "objectRef.namespace": "prod",
        "responseStatus.code": "403",
        requests: "2",
        last: "2026-11-20T06:00:01Z",
      },
      {
        verb: "get",
        "objectRef.resource": "pods",
        "objectRef.namespace": "prod",
        "responseStatus.code": "401",
        requests: "1",
        last: "2026-11-20T06:00:02Z",
      },
    ],
  },
}
