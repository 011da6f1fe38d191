import { Agent, request } from "node:http"
import { createEventMaker } from "./segment-events.ts"

/** Events in one request, as kube-apiserver batches them by default. */
const EVENTS_DEFAULT = 400
/** Bodies prepared; each is written over and sent again. */
const BODIES = 64
const TIMES = ['"requestReceivedTimestamp":"', '"stageTimestamp":"']
const ID_DIGITS = 8

export type Load = {
  readonly url: string
  /** Events a second; 0 as fast as it goes. */
  readonly rate: number
  readonly connections: number
  readonly ms: number
}

export type Loaded = {
  acked: number
  refused: number
  bytes: number
  /** Milliseconds from when a request was due, sorted. */
  readonly latencies: number[]
}

type Body = { readonly bytes: Buffer; readonly ids: readonly number[]; readonly times: readonly number[] }

let serial = 0

/** Sends audit events as kube-apiserver does. None is sent twice: ids and times in the bodies are written anew. */
export class Sender {
  readonly #events: number
  readonly #bodies: readonly Body[]

  constructor(events = EVENTS_DEFAULT) {
    this.#events = events
    this.#bodies = prepare(events)
  }

  async load({ url, rate, connections, ms }: Load): Promise<Loaded> {
    const agent = new Agent({ keepAlive: true, maxSockets: connections })
    const events = this.#events
    const loaded: Loaded = { acked: 0, refused: 0, bytes: 0, latencies: [] }
    const began = performance.now()
    const free = [...this.#bodies]
    let turn = 0
    async function connection(): Promise<void> {
      for (;;) {
        const mine = turn++
        const due = rate === 0 ? performance.now() : began + (mine * events * 1000) / rate
        if (due - began > ms || performance.now() - began > ms) return
        const early = due - performance.now()
        if (early > 0) await new Promise((resolve) => setTimeout(resolve, early))
        const body = free.pop()
        if (body === undefined) throw new Error("more connections than bodies")
        renew(body)
        const status = await post(url, agent, body.bytes)
        free.unshift(body)
        loaded.latencies.push(performance.now() - Math.max(due, began))
        if (status !== 200) loaded.refused++
        else {
          loaded.acked += events
          loaded.bytes += body.bytes.length
        }
      }
    }
    await Promise.all(Array.from({ length: connections }, connection))
    agent.destroy()
    loaded.latencies.sort((a, b) => a - b)
    return loaded
  }
}

/** The value below which this share of a sorted list lies. */
export function quantile(sorted: readonly number[], share: number): number {
  return Number((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1))
}

function post(url: string, agent: Agent, body: Buffer): Promise<number> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const headers = { "content-length": body.length }
    const sent = request(
      { hostname, port, path: "/audit/bench", method: "POST", headers, agent },
      (response) => {
        response.resume().on("end", () => resolve(response.statusCode ?? 0))
      },
    )
    sent.on("error", reject).end(body)
  })
}

function prepare(events: number): Body[] {
  const make = createEventMaker(1)
  return Array.from({ length: BODIES }, (_, body) => {
    const items = Array.from({ length: events }, (_, i) => make(Date.now() * 1000 + body * events + i))
    const text = `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[${items.join(",")}]}\n`
    const bytes = Buffer.from(text)
    return { bytes, ids: offsets(bytes, '"auditID":"'), times: TIMES.flatMap((key) => offsets(bytes, key)) }
  })
}

function offsets(bytes: Buffer, key: string): number[] {
  const found: number[] = []
  for (let at = bytes.indexOf(key); at >= 0; at = bytes.indexOf(key, at + 1)) found.push(at + key.length)
  return found
}

/** New ids and the time of now: the body of another moment. */
function renew({ bytes, ids, times }: Body): void {
  for (const at of ids) bytes.write((serial++).toString(16).padStart(ID_DIGITS, "0"), at, "latin1")
  const now = `${new Date().toISOString().slice(0, -1)}000Z`
  for (const at of times) bytes.write(now, at, "latin1")
}
