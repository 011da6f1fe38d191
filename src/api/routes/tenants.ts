import { Type } from "typebox"
import type { Route } from "../route.ts"
import { OWN_TENANT } from "../tenant.ts"

const Tenants = Type.Array(Type.Object({ account_id: Type.Integer(), project_id: Type.Integer() }))

/** `/select/tenant_ids`, which Grafana asks when somebody sets up a data source: the tenants the credential may name. */
export function tenantRoutes(): readonly Route[] {
  return [
    {
      url: "/select/tenant_ids",
      methods: ["GET", "POST"],
      needs: ["read"],
      errors: "text",
      schema: {
        summary: "Tenants that this credential may name",
        tags: ["query"],
        response: { 200: Tenants },
      },
      async handle({ credential }, reply) {
        const tenants = [...new Set([OWN_TENANT, ...(credential.tenants ?? [])])].map((tenant) => {
          const [account, project] = tenant.split(":").map(Number)
          return { account_id: account, project_id: project }
        })
        return reply.header("content-type", "application/json").send(Buffer.from(JSON.stringify(tenants)))
      },
    },
  ]
}
