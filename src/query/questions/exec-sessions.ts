import { exampleEvent } from "./example-event.ts"
import { logsql } from "./logsql.ts"
import { BEGUN, NAME, NAMESPACE, USER } from "./parts.ts"
import type { Question } from "./question.ts"

export const execSessions: Question = {
  name: "exec-sessions",
  title: "Who ran commands in containers, and which?",
  about:
    "Sessions over WebSocket are `get`, over SPDY `create`. The command is what stands in the URI, " +
    "percent-encoded; what is typed inside a shell is in no audit event. Each session appears when it" +
    " begins and when it ends.",
  parameters: [NAMESPACE, NAME, USER],
  ask: ({
    where,
  }) => logsql`objectRef.resource:=pods objectRef.subresource:in(exec, attach) verb:in(get, create) ${BEGUN}
    ${where("namespace", "objectRef.namespace")} ${where("name", "objectRef.name")}
    ${where("user", "user.username")}
    | copy requestURI as command
    | replace_regexp ("^[^?]*[?]?", "&") at command
    | replace_regexp ("&(container|stdin|stdout|stderr|tty)=[^&]*", "") at command
    | replace_regexp ("&(command=)?", " ") at command
    | replace ("+", " ") at command
    | replace_regexp ("^ ", "") at command
    | fields _time, user.username, impersonatedUser.username, objectRef.subresource, objectRef.namespace,
    objectRef.name,
      responseStatus.code, command, stage`,
  needs: [
    { group: "", resources: ["pods/exec", "pods/attach"], verbs: ["get", "create"], level: "Metadata" },
  ],
  example: {
    given: { namespace: "prod" },
    events: [
      exampleEvent({
        at: "07:00:00",
        user: "eve",
        verb: "get",
        resource: "pods",
        subresource: "exec",
        namespace: "prod",
        name: "web-1",
        query: "command=sh&command=-c&command=cat+%2Fetc%2Fpasswd&container=web&stdout=true",
        code: 101,
        stage: "ResponseStarted",
      }),
      exampleEvent({
        at: "07:01:00",
        verb: "create",
        resource: "pods",
        subresource: "exec",
        namespace: "prod",
        name: "web-2",
        query: "container=web&command=id&stdin=true",
        code: 101,
      }),
      exampleEvent({
        at: "07:02:00",
        verb: "create",
        resource: "pods",
        subresource: "attach",
        namespace: "prod",
        name: "web-2",
        query: "container=web&tty=true",
        code: 403,
      }),
    ],
    others: [
      exampleEvent({
        at: "07:03:00",
        verb: "get",
        resource: "pods",
        subresource: "log",
        namespace: "prod",
        name: "exec",
      }),
      exampleEvent({
        at: "07:04:00",
        verb: "create",
        resource: "pods",
        subresource: "exec",
        namespace: "test",
        name: "web-1",
        query: "command=id",
        code: 101,
      }),
    ],
    rows: [
      {
        _time: "2026-11-20T07:02:00Z",
        stage: "ResponseComplete",
        "user.username": "alice",
        "objectRef.subresource": "attach",
        "objectRef.namespace": "prod",
        "objectRef.name": "web-2",
        "responseStatus.code": "403",
      },
      {
        _time: "2026-11-20T07:01:00Z",
        stage: "ResponseComplete",
        "user.username": "alice",
        "objectRef.subresource": "exec",
        "objectRef.namespace": "prod",
        "objectRef.name": "web-2",
        "responseStatus.code": "101",
        command: "id",
      },
      {
        _time: "2026-11-20T07:00:00Z",
        stage: "ResponseStarted",
        "user.username": "eve",
        "objectRef.subresource": "exec",
        "objectRef.namespace": "prod",
        "objectRef.name": "web-1",
        "responseStatus.code": "101",
        command: "sh -c cat %2Fetc%2Fpasswd",
      },
    ],
  },
}
