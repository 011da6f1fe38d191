import { stat } from "node:fs/promises"
import { redactionKeyFileOf } from "../redaction-key.ts"
import { bad, type Check, fine, type Patient, type Symptom, warning } from "./check.ts"

const OTHERS_AND_GROUP = 0o077
const OTHERS = 0o007
const WRITE_OF_OTHERS_AND_GROUP = 0o022

export const rights: Check = {
  name: "rights",
  about: "who may read the keys and the ledger, and who may write it",
  async run(patient) {
    const { config, keyFile } = patient
    const symptoms = [
      ...(await secretFile(keyFile, "the log key")),
      ...(await secretsOf(patient)),
      ...(await directory(config.dir)),
    ]
    if ((await modeOf(config.dir)) === undefined && (await modeOf(keyFile)) === undefined) return []
    return symptoms.length > 0 ? symptoms : [fine("keys and ledger are for their owner alone")]
  },
}

async function secretsOf({ config }: Patient): Promise<readonly Symptom[]> {
  const files: (readonly [what: string, path: string | undefined])[] = [
    ["tls.key", config.tls?.key],
    ["the redaction key", redactionKeyFileOf(config)],
    ...config.credentials.flatMap(({ name, tokenFile, basic }) => [
      [`the token of ${name}`, tokenFile] as const,
      [`the password of ${name}`, basic?.passwordFile] as const,
    ]),
  ]
  const found = await Promise.all(
    files.map(([what, path]) => (path === undefined ? [] : secretFile(path, what))),
  )
  return found.flat()
}

/** A file that is not there is another check's business. */
async function secretFile(path: string, what: string): Promise<readonly Symptom[]> {
  const mode = await modeOf(path)
  if (mode === undefined || (mode & OTHERS_AND_GROUP) === 0) return []
  return [
    bad(
      `${what} ${path} has mode ${octal(mode)}: others can read it`,
      `chmod 600 ${path}, and make a new one if others may have read it`,
    ),
  ]
}

async function directory(path: string): Promise<readonly Symptom[]> {
  const mode = await modeOf(path)
  if (mode === undefined) return []
  if ((mode & WRITE_OF_OTHERS_AND_GROUP) !== 0) {
    return [
      bad(
        `the ledger ${path} has mode ${octal(mode)}: others can write it`,
        `chmod 700 ${path}; then tallystick verify`,
      ),
    ]
  }
  if ((mode & OTHERS) !== 0) {
    return [
      warning(
        `the ledger ${path} has mode ${octal(mode)}: everybody on this machine can read it`,
        `chmod 700 ${path}`,
      ),
    ]
  }
  return []
}

async function modeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mode & 0o7777
  } catch {
    return undefined
  }
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0")
}
