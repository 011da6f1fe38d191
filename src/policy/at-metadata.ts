import type { Found } from "./finding.ts"
import type { PolicyRule } from "./policy.ts"

/** How a resource loses its bodies: a rule for nothing else gets another level, before any other comes a rule for it alone. */
export function atMetadata(
  rule: PolicyRule,
  { index, group, text }: { readonly index: number; readonly group: string; readonly text: string },
): Pick<Found, "fix" | "edit"> {
  const alone =
    rule.resources.length > 0 &&
    rule.resources.every(
      ({ group: other, resources }) =>
        other === group && resources.length > 0 && resources.every((name) => name === text),
    )
  if (alone) {
    return {
      fix: "level: Metadata",
      edit: { kind: "set", path: ["rules", index, "level"], value: "Metadata" },
    }
  }
  return {
    fix: `before it: {level: Metadata, resources: [{group: "${group}", resources: ["${text}"]}]}`,
    edit: { kind: "rule", before: index, group, resources: [text] },
  }
}
