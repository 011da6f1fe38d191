import { exampleEvent } from "./example-event.ts"
import { logsql } from "./logsql.ts"
import { EVERYTHING } from "./needed.ts"
import { ENDED, USER } from "./parts.ts"
import type { Question } from "./question.ts"

export const agentActivity: Question = {
  name: "agent-activity",
  title: "What does this agent do with its service account?",
  about:
    "Counts by kind of request, the most frequent first: for an AI agent, a pipeline or an operator. " +
    "Compare with what it is for; refusals show what it tried.",
  parameters: [
    {
      ...USER,
      description: "the agent's user",
      example: "system:serviceaccount:agents:coder",
      optional: false,
    },
  ],
  ask: ({ where }) => logsql`${where("user", "user.username")} ${ENDED}
    | stats by (verb, objectRef.resource, objectRef.subresource, objectRef.namespace, responseStatus.code)
    count() requests, max(_time) last
    | sort by (requests desc, last desc)`,
  needs: EVERYTHING,
  example: {
    given: { user: "system:serviceaccount:agents:coder" },
    events: [
      exampleEvent({
        at: "11:40:00",
        user: "system:serviceaccount:agents:coder",
        verb: "list",
        resource: "pods",
        namespace: "dev",
      }),
      exampleEvent({
        at: "11:40:01",
        user: "system:serviceaccount:agents:coder",
        verb: "list",
        resource: "pods",
        namespace: "dev",
      }),
      exampleEvent({
        at: "11:40:02",
        user: "system:serviceaccount:agents:coder",
        verb: "get",
        resource: "secrets",
        namespace: "prod",
        name: "db-password",
        code: 403,
      }),
    ],
    others: [
      exampleEvent({
        at: "11:40:03",
        user: "system:serviceaccount:agents:coder-2",
        verb: "list",
        resource: "pods",
        namespace: "dev",
      }),
    ],
    rows: [
      {
        verb: "list",
        "objectRef.resource": "pods",
        "objectRef.namespace": "dev",
        "responseStatus.code": "200",
        requests: "2",
        last: "2026-11-20T11:40:01Z",
      },
      {
        verb: "get",
        "objectRef.resource": "secrets",
        "objectRef.namespace": "prod",
        "responseStatus.code": "403",
        requests: "1",
        last: "2026-11-20T11:40:02Z",
      },
    ],
  },
}
