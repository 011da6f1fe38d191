import type { FastifyRequest } from "fastify"
import { Refusal } from "../base/refusal.ts"

/** `AccountID:ProjectID`, as clients of VictoriaLogs write it. A ledger is one tenant. */
export const OWN_TENANT = "0:0"

const NUMBER = /^[0-9]{1,10}$/

/**
 * Clients may name a tenant in headers. All that a credential lists is this one ledger; another would be somebody else's
 * events, so it is refused instead of being answered with ours.
 */
export function checkTenant({ headers, credential }: FastifyRequest): void {
  const [account, project] = [part(headers.accountid), part(headers.projectid)]
  const tenant = `${account}:${project}`
  if (tenant === OWN_TENANT || (credential.tenants ?? []).includes(tenant)) return
  throw new Refusal("auth.tenant", `the credential has no tenant ${tenant}`, { tenant })
}

function part(header: string | readonly string[] | undefined): number {
  const text = typeof header === "string" ? header.trim() : ""
  if (text === "") return 0
  if (!NUMBER.test(text)) {
    const seen = JSON.stringify(text.slice(0, 80))
    throw new Refusal("http.parameters", `AccountID and ProjectID: expected numbers, saw ${seen}`)
  }
  return Number(text)
}
