/** How programs that carry logs name themselves in User-Agent, and what we call them in the word `reencoded`. */
const COLLECTORS: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/^fluent-?bit/i, "fluentbit"],
  [/fluentd|^excon|elasticsearch-ruby/i, "fluentd"],
  [/^vector/i, "vector"],
  [/^promtail/i, "promtail"],
  [/^(alloy|grafanaagent)/i, "alloy"],
  [/filebeat|^elastic-/i, "filebeat"],
  [/^logstash|manticore/i, "logstash"],
  [/opentelemetry|^otel|^otlp/i, "otelcol"],
  [/^vlagent/i, "vlagent"],
  [/^rsyslog/i, "rsyslog"],
  [/^syslog-ng/i, "syslog-ng"],
  [/^telegraf/i, "telegraf"],
]

/** For events that somebody took apart and who that was is not known. */
export const UNKNOWN_COLLECTOR = "unknown"

/** Undefined where it does not look like a collector: curl, a script. */
export function collectorOf(userAgent: string | undefined): string | undefined {
  return COLLECTORS.find(([pattern]) => pattern.test(userAgent ?? ""))?.[1]
}
