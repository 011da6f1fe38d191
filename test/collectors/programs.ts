import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"

/** What one collector needs to follow `file` and send what is in it to `server`; `dir` is its own. */
export type Following = { readonly dir: string; readonly file: string; readonly server: URL }

/** A real program that carries logs, as somebody would set it up who wants to lose nothing. */
export type Collector = {
  readonly name: string
  /** Where it is; undefined where nobody built it. */
  readonly program: string | undefined
  /** Writes its configuration and returns its arguments. */
  readonly prepare: (following: Following) => readonly string[]
  /** Shared libraries that came with it. */
  readonly libraries?: string | undefined
  /** `exact`: lines arrive as they stand in the file. `parsed`: it takes JSON apart, and its own print of it arrives. */
  readonly lines: "exact" | "parsed"
  /** The word `via` of what it sends. */
  readonly via: string
  /** The message that a line becomes, where that is not the line. */
  readonly says?: (line: string) => string
  /** How it is called in the word `reencoded`. */
  readonly reencoded?: string
}

const {
  OTELCOL,
  TELEGRAF,
  VLAGENT,
  RSYSLOGD,
  RSYSLOG_MODULES,
  SYSLOG_NG,
  SYSLOG_NG_MODULES,
  DEBIAN_LIBRARIES,
} = process.env

export const COLLECTORS: readonly Collector[] = [
  { ...otelcol("protobuf", []), lines: "exact" },
  { ...otelcol("json", []), lines: "exact" },
  { ...otelcol("protobuf", [jsonParser()]), lines: "parsed", reencoded: "otelcol" },
  {
    name: "VictoriaLogs' vlagent",
    program: VLAGENT,
    lines: "parsed",
    via: "jsonline",
    reencoded: "vlagent",
    prepare: ({ dir, file, server }) => [
      `-fileCollector.glob=${file}`,
      `-tmpDataPath=${dir}`,
      `-remoteWrite.url=${new URL("/insert/jsonline", server)}`,
      "-remoteWrite.format=jsonline",
      "-remoteWrite.retryMinInterval=100ms",
      "-remoteWrite.retryMaxTime=1s",
      "-httpListenAddr=",
    ],
  },
  {
    name: "Telegraf, loki",
    program: TELEGRAF,
    lines: "exact",
    via: "loki",
    says: (line) => `message="${line}" `,
    prepare: (following) => telegraf(following, lokiOutput(following)),
  },
  {
    name: "Telegraf, elasticsearch",
    program: TELEGRAF,
    lines: "exact",
    via: "elasticsearch",
    prepare: (following) => telegraf(following, elasticsearchOutput(following)),
  },
  {
    name: "rsyslog, omelasticsearch",
    program: RSYSLOGD,
    libraries: DEBIAN_LIBRARIES,
    lines: "exact",
    via: "elasticsearch",
    prepare(following) {
      const { dir } = following
      const path = written(dir, "rsyslog.conf", rsyslogConf(following))
      return ["-n", "-f", path, "-i", join(dir, "pid"), ...modules("-M", RSYSLOG_MODULES)]
    },
  },
  {
    name: "syslog-ng, http",
    program: SYSLOG_NG,
    libraries: DEBIAN_LIBRARIES,
    lines: "exact",
    via: "jsonline",
    prepare(following) {
      const { dir } = following
      const path = written(dir, "syslog-ng.conf", syslogNgConf(following))
      const [persist, pid, control] = ["persist", "pid", "ctl"].map((name) => join(dir, name))
      const own = [`--persist-file=${persist}`, `--pidfile=${pid}`, `--control=${control}`]
      return ["-F", "--no-caps", `--cfgfile=${path}`, ...own, ...modules("--module-path", SYSLOG_NG_MODULES)]
    },
  },
]

function written(dir: string, name: string, text: string): string {
  const path = join(dir, name)
  writeFileSync(path, text)
  return path
}

function modules(option: string, folder: string | undefined): readonly string[] {
  return folder === undefined ? [] : [option, folder]
}

type Shared = Pick<Collector, "name" | "program" | "via" | "prepare">

function otelcol(encoding: "protobuf" | "json", operators: readonly object[]): Shared {
  return {
    name: `OpenTelemetry Collector, filelog to otlphttp as ${encoding}${operators.length > 0 ? ", parsed" : ""}`,
    program: OTELCOL,
    via: "otlp",
    prepare({ dir, file, server }) {
      const storage = join(dir, "storage")
      mkdirSync(storage)
      // JSON is YAML.
      const config = {
        extensions: { file_storage: { directory: storage } },
        receivers: {
          filelog: {
            include: [file],
            start_at: "beginning",
            poll_interval: "50ms",
            max_log_size: "25MiB",
            storage: "file_storage",
            operators,
          },
        },
        exporters: {
          otlphttp: {
            logs_endpoint: new URL("/v1/logs", server).href,
            encoding: encoding === "json" ? "json" : "proto",
            retry_on_failure: {
              enabled: true,
              initial_interval: "100ms",
              max_interval: "1s",
              max_elapsed_time: 0,
            },
            sending_queue: { enabled: true, storage: "file_storage" },
          },
        },
        service: {
          extensions: ["file_storage"],
          pipelines: { logs: { receivers: ["filelog"], exporters: ["otlphttp"] } },
        },
      }
      return ["--config", `file:${written(dir, "otelcol.yaml", JSON.stringify(config))}`]
    },
  }
}

/** What docs/INSERT.md advises against. */
function jsonParser(): object {
  return { type: "json_parser", parse_to: "body", on_error: "send_quiet" }
}

function rsyslogConf({ dir, file, server }: Following): string {
  return `
global(workDirectory="${dir}" maxMessageSize="2m")
module(load="imfile" PollingInterval="1")
module(load="omelasticsearch")
template(name="line" type="list") {
  constant(value="{\\"message\\":\\"") property(name="msg" format="json") constant(value="\\"}")
}
input(type="imfile" File="${file}" Tag="audit")
action(
  type="omelasticsearch" template="line" searchIndex="audit" bulkmode="on" retryFailures="off"
  server="${new URL("/insert/elasticsearch", server)}" errorFile="${join(dir, "refused")}"
  action.resumeRetryCount="-1" action.resumeInterval="1"
)
`
}

function syslogNgConf({ file, server }: Following): string {
  return `
@version: current
options { log-msg-size(2097152); stats-freq(0); time-reopen(1); };
source s { file("${file}" follow-freq(0.1) flags(no-parse)); };
destination d {
  http(
    url("${new URL("/insert/jsonline", server)}") method("POST") headers("Content-Type: application/x-ndjson")
    body('$(format-json message=$MESSAGE)') delimiter("\\n") batch-lines(100) batch-timeout(100)
  );
};
log { source(s); destination(d); flags(flow-control); };
`
}

/** It keeps what it could not send in memory only: enough room for all of it. */
function telegraf({ dir, file }: Following, output: string): readonly string[] {
  const config = `
[agent]
  interval = "1s"
  flush_interval = "200ms"
  metric_batch_size = 100
  metric_buffer_limit = 100000
  omit_hostname = true
[[inputs.tail]]
  files = ["${file}"]
  initial_read_offset = "beginning"
  data_format = "value"
  data_type = "string"
  value_field_name = "message"
${output}
`
  return ["--config", written(dir, "telegraf.conf", config)]
}

function lokiOutput({ server }: Following): string {
  return `
[[outputs.loki]]
  domain = "${server.origin}"
  endpoint = "/insert/loki/api/v1/push"
`
}

function elasticsearchOutput({ server }: Following): string {
  return `
[[outputs.elasticsearch]]
  urls = ["${new URL("/insert/elasticsearch", server)}"]
  index_name = "audit"
  manage_template = false
  health_check_interval = "0s"
  headers = { VL-Msg-Field = "tail.message" }
`
}
