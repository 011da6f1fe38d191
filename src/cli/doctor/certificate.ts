import { createPrivateKey, X509Certificate } from "node:crypto"
import { readFile } from "node:fs/promises"
import {
  type Certificates,
  type Flaw,
  flawsOf,
  inTime,
  isFor,
  nameless,
  parseCertificates,
} from "../../api/certificate.ts"
import { reasonOf } from "../../base/said.ts"
import { ask } from "./ask.ts"
import { bad, type Check, fine, type Patient, type Symptom, warning } from "./check.ts"

export const certificate: Check = {
  name: "certificate",
  about:
    "certificate, key and client authority: readable, fitting, in time, for the right name, and the ones served",
  async run(patient) {
    const { tls } = patient.config
    if (tls === undefined) return patient.server.protocol === "https:" ? await served(patient, undefined) : []
    const symptoms: Symptom[] = []
    const certificate = await read(tls.certificate, "tls.certificate", symptoms)
    const clientCa = tls.clientCa === undefined ? [] : await read(tls.clientCa, "tls.clientCa", symptoms)
    const [own] = certificate
    symptoms.push(...judged({ certificate, clientCa }, patient))
    if (own !== undefined) symptoms.push(...(await withKey(own, tls.key)))
    symptoms.push(...(await served(patient, own)))
    return symptoms.length > 0 || own === undefined
      ? symptoms
      : [fine(`good until ${own.validToDate.toISOString().slice(0, 10)}`)]
  },
}

async function read(path: string, option: string, symptoms: Symptom[]): Promise<readonly X509Certificate[]> {
  try {
    return parseCertificates(await readFile(path, "utf8"), path)
  } catch (error) {
    symptoms.push(
      bad(
        `${option} ${path} cannot be read: ${reasonOf(error)}`,
        `set ${option} to a PEM file with a certificate`,
      ),
    )
    return []
  }
}

function judged(certificates: Certificates, patient: Patient): readonly Symptom[] {
  const { now, serverGiven, config } = patient
  const [own] = certificates.certificate
  const flaws = flawsOf(certificates, { address: config.listen.address, now })
  const symptoms = flaws.filter(({ kind }) => kind !== "otherName" || !serverGiven).map(symptomOf)
  return own === undefined || !serverGiven ? symptoms : [...symptoms, ...forGiven(own, patient)]
}

function symptomOf({ state, saw, fix }: Flaw): Symptom {
  return { state, saw, fix }
}

/** The name that a server was asked for by has to stand in its certificate. */
function forGiven(certificate: X509Certificate, { server }: Patient): readonly Symptom[] {
  const host = server.hostname.replace(/^\[|\]$/g, "")
  if (certificate.subjectAltName === undefined || isFor(certificate, host)) return []
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
  const answer = await ask(new URL("/healthz", patient.server), patient.ca)
  if (answer.kind === "silence" || answer.certificate === undefined) return []
  const seen = new X509Certificate(answer.certificate)
  const signed = patient.ca === undefined ? [] : signedBy(seen, answer.distrusted)
  if (own === undefined) {
    const flaws = [...inTime(seen, "the server's certificate", patient.now), ...nameless(seen)]
    return [...flaws.map(symptomOf), ...forGiven(seen, patient), ...signed]
  }
  if (seen.fingerprint256 === own.fingerprint256) return signed
  return [
    warning(
      `the server shows another certificate than the one in tls.certificate (for ${seen.subjectAltName ?? seen.subject})`,
      "if the file is new, wait half a minute; otherwise certificate and key do not fit, or something in between ends TLS",
    ),
    ...signed,
  ]
}

/** What has places of its own above. */
const TOLD = ["CERT_HAS_EXPIRED", "CERT_NOT_YET_VALID", "ERR_TLS_CERT_ALTNAME_INVALID"]

function signedBy({ issuer }: X509Certificate, distrusted: string | undefined): readonly Symptom[] {
  if (distrusted === undefined || TOLD.includes(distrusted)) return []
  return [
    bad(
      `the certificates of --ca do not lead to the server's, which is signed by ${issuer.replaceAll("\n", ", ")} (${distrusted})`,
      "give that authority's certificate; intermediate ones belong behind the server's in tls.certificate",
    ),
  ]
}
