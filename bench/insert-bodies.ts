/** Bodies of the insert endpoints for benches: lines of container logs, and audit events as collectors carry them. */
import { lokiProto, otlpProto } from "../test/support/collector-bodies.ts"

export const FORMS = ["jsonline", "jsonline-event", "bulk", "loki", "otlp"] as const
export type Form = (typeof FORMS)[number]

export type InsertBody = { readonly path: string; readonly contentType: string; readonly body: Buffer }

/** One body of `count` lines; `events` are audit events, `first` says at which of them it begins. */
export function insertBody(form: Form, count: number, events: readonly string[], first: number): InsertBody {
  const logs = Array.from({ length: count }, (_, i) => logLine(first + i))
  const ndjson = "application/x-ndjson"
  switch (form) {
    case "jsonline":
      return {
        path: "/insert/jsonline?_stream_fields=app",
        contentType: ndjson,
        body: Buffer.from(logs.join("\n")),
      }
    case "jsonline-event": {
      const lines = logs.map((_, i) =>
        JSON.stringify({ date: 1.5, log: events[(first + i) % events.length] }),
      )
      return { path: "/insert/jsonline", contentType: ndjson, body: Buffer.from(lines.join("\n")) }
    }
    case "bulk": {
      const lines = logs.map((line) => `{"create":{"_index":"logs"}}\n${line}\n`)
      return { path: "/insert/elasticsearch/_bulk", contentType: ndjson, body: Buffer.from(lines.join("")) }
    }
    case "loki": {
      const body = lokiProto('{app="shop",namespace="prod"}', logs)
      return { path: "/insert/loki/api/v1/push", contentType: "application/x-protobuf", body }
    }
    case "otlp": {
      const body = otlpProto({ "service.name": "shop" }, logs, { "log.file.name": "0.log" })
      return { path: "/v1/logs", contentType: "application/x-protobuf", body }
    }
  }
}

/** What a web server in a pod writes, with what Fluent Bit adds: 400 bytes. */
function logLine(i: number): string {
  return JSON.stringify({
    _time: "2026-01-02T03:04:05.123456Z",
    app: "shop",
    stream: "stdout",
    level: i % 50 === 0 ? "error" : "info",
    message: `GET /api/v1/orders/${i} 200 ${i % 97}ms trace=${(i * 2654435761) >>> 0}`,
    kubernetes: {
      namespace_name: "prod",
      pod_name: `shop-${i % 7}-abcde`,
      container_name: "web",
      host: "node-3.example.com",
      labels: { "app.kubernetes.io/name": "shop", "pod-template-hash": "7d9c5b6f4d" },
    },
  })
}
