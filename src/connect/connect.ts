import { isRefusal, Refusal } from "../base/refusal.ts"
import { parseYamlDocuments } from "../base/yaml.ts"
import { loadPolicy } from "../policy/index.ts"
import { RATE_MAX } from "./batch-flags.ts"
import type { Connection, OutFile } from "./connection.ts"
import { kindFiles } from "./kind.ts"
import { kubeadmFiles } from "./kubeadm.ts"
import { credentialFiles, layoutOf, serverFiles, serverUrl } from "./layout.ts"
import { rancherFiles } from "./rancher.ts"
import { readServers } from "./read-server.ts"
import type { ApiServer, Distribution, HostFile } from "./server.ts"
import { checkServer } from "./server-checks.ts"
import { stepsOf } from "./steps.ts"
import { talosFiles } from "./talos.ts"
import { serverFindings } from "./webhook-config.ts"

/** Everything to put in place, and how. */
export type Plan = { readonly files: readonly OutFile[]; readonly steps: string }

const WRITERS: Readonly<Record<Distribution, (connection: Connection) => readonly OutFile[]>> = {
  kubeadm: (connection) => [...inFolder(connection), ...kubeadmFiles(connection)],
  kind: (connection) => [...inFolder(connection), ...kindFiles(connection)],
  k3s: (connection) => [...inFolder(connection), ...rancherFiles(connection)],
  rke2: (connection) => [...inFolder(connection), ...rancherFiles(connection)],
  talos: talosFiles,
}

function inFolder(connection: Connection): readonly OutFile[] {
  return serverFiles(connection).map((file) => ({ ...file, name: `tallystick/${file.name}` }))
}

/**
 * Writes what a distribution needs to record to a ledger. Refuses `connect.refused` for whatever would keep an API server
 * from starting, or its events from arriving: what is written is read back, and held to the checks of lint.
 */
export function planConnection(connection: Connection): Plan {
  refuseInput(connection)
  const files = WRITERS[connection.distribution](connection)
  for (const server of serversIn(files, connection)) {
    const { kubernetes, rate } = connection
    const [problem] = checkServer(server, { kubernetes, rate }).filter(({ severity }) => severity === "error")
    if (problem !== undefined) throw refused(problem.message, problem.fix)
  }
  return { files, steps: stepsOf(connection, files) }
}

/** What is written, as lint reads it. */
export function serversIn(files: readonly OutFile[], connection: Connection): readonly ApiServer[] {
  const { host } = layoutOf(connection)
  const known = new Map<string, HostFile>(
    files.flatMap(({ hostPath, text, mode }) =>
      hostPath === undefined ? [] : [[hostPath, { text, mode }] as const],
    ),
  )
  return files
    .filter(({ hostPath }) => hostPath === undefined || !hostPath.startsWith(host))
    .flatMap(({ text, name }) =>
      parseYamlDocuments(text, name).flatMap((yaml) =>
        readServers(yaml, text).map(({ server }) => ({
          ...server,
          files: new Map([...server.files, ...known]),
        })),
      ),
    )
}

const SOURCE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}(?:\/[A-Za-z0-9][A-Za-z0-9._-]{0,62})*$/

function refuseInput(connection: Connection): void {
  const { policy, kubernetes, source, ca, rate, credential } = connection
  try {
    loadPolicy(policy, kubernetes)
  } catch (error) {
    if (!isRefusal(error, "policy.illegal")) throw error
    throw refused(`the policy does not load: ${error.message}`, "tallystick policy lint tells where", error)
  }
  if (source !== undefined && !SOURCE.test(source)) {
    throw refused(
      `${JSON.stringify(source)} is no source`,
      "segments of letters, digits, dot, dash: prod-1/cp-1",
    )
  }
  const [wrong] = serverFindings(serverUrl(connection), credential !== undefined)
  const [asGiven] = serverFindings(connection.url, credential !== undefined)
  const problem = asGiven ?? wrong
  if (problem !== undefined) throw refused(problem.message, problem.fix)
  if (!isCertificate(ca)) {
    throw refused(
      "the CA file holds no PEM certificate",
      "the authority that signed the ledger's certificate, as PEM",
    )
  }
  if (/PRIVATE KEY/.test(ca)) throw refused("the CA file holds a private key", "give the certificate alone")
  if (!Number.isInteger(rate) || rate < 1 || rate > RATE_MAX) {
    throw refused(`a rate of ${rate} events/s`, `a whole number from 1 to ${RATE_MAX}`)
  }
  for (const { name, path, text } of credentialFiles(connection)) refuseCredential(name, path, text)
}

const DER_SEQUENCE = 0x30

/** PEM whose bytes at least begin as a certificate does: the API server would not start with less. */
function isCertificate(text: string): boolean {
  const body = /-----BEGIN CERTIFICATE-----([\s\S]+?)-----END CERTIFICATE-----/
    .exec(text)?.[1]
    ?.replace(/\s/g, "")
  if (body === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(body) || body.length % 4 !== 0) return false
  return atob(body).charCodeAt(0) === DER_SEQUENCE
}

function refuseCredential(name: string, path: string, text: string): void {
  const isRight =
    name === "token"
      ? /^\S+\s*$/.test(text)
      : name === "client.key"
        ? /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)
        : isCertificate(text)
  if (isRight) return
  const wanted =
    { token: "one line without spaces", "client.key": "a PEM private key" }[name] ?? "a PEM certificate"
  throw refused(`${path} is no ${name}`, wanted)
}

function refused(message: string, fix?: string, cause?: unknown): Refusal {
  return new Refusal("connect.refused", fix === undefined ? message : `${message}; ${fix}`, {}, cause)
}
