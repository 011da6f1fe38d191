import { ask, jsonOf } from "./ask.ts"
import { bad, type Check, fine, type Patient, type Symptom } from "./check.ts"
import { findPortHolder } from "./port-holder.ts"

export const listening: Check = {
  name: "listening",
  about: "the server answers where the configuration says; otherwise who holds the port",
  async run(patient) {
    const url = new URL("/healthz", patient.server)
    const answer = await ask(url)
    if (answer.kind === "silence") return [await silent(patient, answer.reason)]
    if (answer.status === 200 && jsonOf(answer.body)?.status === "ok")
      return [fine(`${patient.server.origin} answers`)]
    return [await stranger(patient, `${url.href} answers ${answer.status}, and not as tallystick does`)]
  },
}

async function silent(patient: Patient, reason: string): Promise<Symptom> {
  const { server } = patient
  switch (reason) {
    case "ECONNREFUSED":
      return bad(`nothing listens on ${server.host}`, "start it: tallystick serve; then look at its log")
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return bad(`the name ${server.hostname} is not known`, "correct --server, or the DNS")
    case "ETIMEDOUT":
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return bad(
        `${server.host} does not answer (${reason})`,
        "look for a firewall or a NetworkPolicy between here and there; on the same machine, for a process that hangs",
      )
    default:
      return await stranger(
        patient,
        `${server.host} does not speak ${server.protocol.slice(0, -1)} (${reason})`,
      )
  }
}

async function stranger({ server, serverGiven }: Patient, saw: string): Promise<Symptom> {
  const holder = serverGiven ? undefined : await findPortHolder(Number(server.port))
  const who = holder === undefined ? "" : `; the port is held by process ${holder.pid} (${holder.name})`
  return bad(
    `${saw}${who}`,
    "stop that process or set listen.port to another; where it is ours, compare tls in the configuration",
  )
}
