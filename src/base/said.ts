import { codeOf } from "./system-error.ts"

/** The system's error code, or its words. */
export function reasonOf(cause: unknown): string {
  return codeOf(cause) ?? (cause instanceof Error ? cause.message : String(cause))
}

/** What codes of the system and of TLS mean, for people who do not know them. */
const SAID: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "this user may not",
  EPERM: "this user may not",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of the path is no folder",
  ENOSPC: "there is no room, or no inode",
  EDQUOT: "the quota is used up",
  EROFS: "nothing can be written there",
  ECONNREFUSED: "nothing listens there",
  ECONNRESET: "the connection was cut",
  ENOTFOUND: "there is no such host",
  EAI_AGAIN: "the name could not be looked up",
  ETIMEDOUT: "no answer in time",
  EHOSTUNREACH: "there is no way to it",
  ENETUNREACH: "there is no way to it",
  EPROTO: "it does not speak TLS there; is it http?",
  ERR_SSL_WRONG_VERSION_NUMBER: "it does not speak TLS there; is it http?",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "it does not speak TLS there; is it http?",
  HPE_INVALID_CONSTANT: "it does not speak HTTP there; is it https?",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is signed by itself; give it with --ca",
  SELF_SIGNED_CERT_IN_CHAIN:
    "neither this machine nor --ca knows who signed its certificate; give that authority with --ca",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    "neither this machine nor --ca knows who signed its certificate; give that authority with --ca",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    "neither this machine nor --ca knows who signed its certificate; give that authority with --ca",
  CERT_HAS_EXPIRED: "its certificate has expired; renew it: a running server takes the new file by itself",
  CERT_NOT_YET_VALID: "its certificate is not valid yet; compare the clocks",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name; go by a name that stands in it",
}

/** {@link reasonOf} in words, with the code behind them. */
export function saidOf(cause: unknown): string {
  const reason = reasonOf(cause)
  const said = Object.hasOwn(SAID, reason) ? SAID[reason] : undefined
  return said === undefined ? reason : `${said} (${reason})`
}
