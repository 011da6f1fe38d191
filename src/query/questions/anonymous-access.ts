import { exampleEvent } from "./example-event.ts"
import { logsql } from "./logsql.ts"
import { EVERYTHING } from "./needed.ts"
import { ENDED } from "./parts.ts"
import type { Question } from "./question.ts"

export const anonymousAccess: Question = {
  name: "anonymous-access",
  title: "What was asked without credentials?",
  about:
    "Health checks and /version are open to everybody by default and are left out where they were " +
    "allowed. Anything else that was answered with 200 deserves a look.",
  parameters: [],
  ask: () => logsql`actor.kind:=anonymous ${ENDED} -(responseStatus.code:=200
    requestURI:~"^/(healthz|livez|readyz|version)([/?]|$)")
    | fields _time, user.username, verb, requestURI, responseStatus.code, sourceIPs`,
  needs: EVERYTHING,
  example: {
    given: {},
    events: [
      exampleEvent({
        at: "02:00:00",
        user: "system:anonymous",
        verb: "list",
        resource: "secrets",
        namespace: "prod",
        code: 403,
        ip: "203.0.113.5",
      }),
      exampleEvent({
        at: "02:01:00",
        user: "",
        verb: "list",
        resource: "pods",
        code: 401,
        stage: "ResponseStarted",
        ip: "203.0.113.5",
      }),
    ],
    others: [
      exampleEvent({ at: "02:02:00", user: "system:anonymous", verb: "get", uri: "/healthz" }),
      exampleEvent({ at: "02:03:00", user: "system:anonymous", verb: "get", uri: "/readyz?verbose" }),
      exampleEvent({ at: "02:04:00", user: "anonymous", verb: "list", resource: "pods" }),
    ],
    rows: [
      {
        _time: "2026-11-20T02:01:00Z",
        verb: "list",
        requestURI: "/api/v1/pods",
        "responseStatus.code": "401",
        sourceIPs: '["203.0.113.5"]',
      },
      {
        _time: "2026-11-20T02:00:00Z",
        "user.username": "system:anonymous",
        verb: "list",
        requestURI: "/api/v1/namespaces/prod/secrets",
        "responseStatus.code": "403",
        sourceIPs: '["203.0.113.5"]',
      },
    ],
  },
}
