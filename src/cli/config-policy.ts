import { Type } from "typebox"
import { file, integer, maybeFile, section, text } from "./config-schema.ts"

/** Audit policies that API servers are said to have: recorded, and held against what comes. */
export const PolicySection = section("Which audit policy is in force where. What comes is held against it.", {
  declared: Type.Array(
    section("The policy of one source, or of a cluster with all below it.", {
      source: text({ description: "A source or a cluster: prod-1/apiserver-0, or prod-1." }),
      file: file({
        description:
          "The policy file, or one that holds it. A record is made of it at the start and whenever it changes.",
      }),
      flags: maybeFile({
        description:
          "What configures kube-apiserver, or its flags, one a line: its audit flags are recorded with the policy, and events held against them.",
      }),
    }),
    { default: [], description: "Policies by source.", reason: "nobody knows them but who wrote them" },
  ),
  intervalMs: integer(
    { minimum: 1_000, maximum: 300_000, default: 120_000 },
    {
      unit: "ms",
      description: "Hold new events against the declared policies, so often.",
      reason: "long enough for ten lease renewals of a node, and drift is told within five minutes",
    },
  ),
})
