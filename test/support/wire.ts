import { once } from "node:events"
import { type Agent, type IncomingHttpHeaders, request } from "node:http"
import { connect, type Socket } from "node:net"

/** A connection on which a test says every byte itself. */
export class Wire {
  readonly socket: Socket
  text = ""
  ended = false
  #changed: (() => void)[] = []

  private constructor(socket: Socket) {
    this.socket = socket
    const changed = () => {
      for (const tell of this.#changed.splice(0)) tell()
    }
    socket.setEncoding("latin1")
    socket.on("data", (chunk: string) => {
      this.text += chunk
      changed()
    })
    socket.on("error", () => undefined)
    socket.on("close", () => {
      this.ended = true
      changed()
    })
  }

  static async open(port: number): Promise<Wire> {
    const socket = connect(port, "127.0.0.1")
    const wire = new Wire(socket)
    await once(socket, "connect")
    return wire
  }

  send(text: string | Uint8Array): this {
    this.socket.write(text)
    return this
  }

  /** Resolves when what came matches, or with the connection's end. */
  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.text) && !this.ended)
      await new Promise<void>((resolve) => this.#changed.push(resolve))
    return this.text
  }

  async closed(): Promise<string> {
    while (!this.ended) await new Promise<void>((resolve) => this.#changed.push(resolve))
    return this.text
  }
}

export type Answer = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: string }

/** Posts over a real socket and reads the whole answer. */
export function post(
  port: number,
  path: string,
  body: Uint8Array | string,
  {
    headers = {},
    agent = false,
  }: { readonly headers?: Record<string, string>; readonly agent?: Agent | false } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, path, method: "POST", headers, agent }, (response) => {
      response.setEncoding("utf8")
      let text = ""
      response.on("data", (chunk: string) => {
        text += chunk
      })
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
      )
      response.on("error", reject)
    })
    sent.on("error", reject)
    sent.end(body)
  })
}
