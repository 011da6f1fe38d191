import { createPrivateKey, X509Certificate } from "node:crypto"
import { readFile } from "node:fs/promises"
import { isIP } from "node:net"
import { reasonOf } from "../../base/said.ts"
import { ask } from "./ask.ts"
import { bad, type Check, fine, type Patient, type Symptom, warning } from "./check.ts"

/** Time to renew it by hand. */
const DAYS_LEFT_MIN = 14
const DAY_MS = 24 * 60 * 60 * 1000

export const certificate: Check = {
  name: "certificate",
  about:
    "certificate, key and client authority: readable, fitting, in time, for the right name, and the ones served",
  async run(patient) {
    const { tls } = patient.config
    if (tls === undefined) return patient.server.protocol === "https:" ? await served(patient, undefined) : []
    const symptoms: Symptom[] = []
    const own = await read(tls.certificate, "tls.certificate", symptoms)
    if (own !== undefined) {
      symptoms.push(
        ...inTime(own, "the certificate", patient),
        ...forName(own, patient),
        ...(await withKey(own, tls.key)),
      )
    }
    if (tls.clientCa !== undefined) {
      const authority = await read(tls.clientCa, "tls.clientCa", symptoms)
      if (authority !== undefined)
        symptoms.push(...inTime(authority, "the authority of client certificates", patient))
    }
    symptoms.push(...(await served(patient, own)))
    return symptoms.length > 0 || own === undefined
      ? symptoms
      : [fine(`good until ${own.validToDate.toISOString().slice(0, 10)}`)]
  },
}

async function read(path: string, option: string, symptoms: Symptom[]): Promise<X509Certificate | undefined> {
  try {
    return new X509Certificate(await readFile(path))
  } catch (error) {
    symptoms.push(
      bad(
        `${option} ${path} cannot be read: ${reasonOf(error)}`,
        `set ${option} to a PEM file with a certificate`,
      ),
    )
    return undefined
  }
}

function inTime(certificate: X509Certificate, what: string, { now }: Patient): readonly Symptom[] {
  const nowMs = now / 1000
  const { validFromDate, validToDate } = certificate
  const days = Math.floor((validToDate.getTime() - nowMs) / DAY_MS)
  if (nowMs > validToDate.getTime()) {
    return [
      bad(
        `${what} expired at ${validToDate.toISOString()}`,
        "renew it; a running server takes the new file by itself",
      ),
    ]
  }
  if (nowMs < validFromDate.getTime()) {
    return [
      bad(
        `${what} is valid only from ${validFromDate.toISOString()}`,
        "compare the clock of this machine; or wait",
      ),
    ]
  }
  if (days < DAYS_LEFT_MIN)
    return [
      warning(`${what} expires in ${days} days`, "renew it; a running server takes the new file by itself"),
    ]
  return []
}

/** API servers check the name they were given; and Go, which they are written in, looks at alternative names only. */
function forName(certificate: X509Certificate, { server, serverGiven }: Patient): readonly Symptom[] {
  if (certificate.subjectAltName === undefined) {
    return [
      bad(
        "the certificate has no subject alternative name, which kube-apiserver insists on",
        "make one with a subjectAltName",
      ),
    ]
  }
  if (!serverGiven) return []
  const host = server.hostname.replace(/^\[|\]$/g, "")
  const fits = isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)
  if (fits !== undefined) return []
  return [
    bad(
      `the certificate is not for ${host} but for ${certificate.subjectAltName}`,
      "make one with that name, or use one of its names in the API server's webhook configuration",
    ),
  ]
}

async function withKey(certificate: X509Certificate, keyFile: string): Promise<readonly Symptom[]> {
  try {
    if (certificate.checkPrivateKey(createPrivateKey(await readFile(keyFile)))) return []
    return [
      bad(
        `tls.key ${keyFile} is not the key of tls.certificate`,
        "put the pair that belongs together in place",
      ),
    ]
  } catch (error) {
    return [
      bad(
        `tls.key ${keyFile} cannot be read: ${reasonOf(error)}`,
        "set tls.key to a PEM file with a private key",
      ),
    ]
  }
}

/** What a client gets to see: the one in the file, or, without a file, one that is judged by itself. */
async function served(patient: Patient, own: X509Certificate | undefined): Promise<readonly Symptom[]> {
  const answer = await ask(new URL("/healthz", patient.server))
  if (answer.kind === "silence" || answer.certificate === undefined) return []
  const seen = new X509Certificate(answer.certificate)
  if (own === undefined)
    return [...inTime(seen, "the server's certificate", patient), ...forName(seen, patient)]
  if (seen.fingerprint256 === own.fingerprint256) return []
  return [
    warning(
      `the server shows another certificate than the one in tls.certificate (for ${seen.subjectAltName ?? seen.subject})`,
      "if the file is new, wait half a minute; otherwise certificate and key do not fit, or something in between ends TLS",
    ),
  ]
}
