import { ACTOR_RULES, type ActorKind, type ActorRule } from "./actor-rules.ts"

export { ACTOR_KINDS, ACTOR_RULES, type ActorKind, type ActorMatch, type ActorRule } from "./actor-rules.ts"

/**
 * What sort of actor a user is, by {@link ACTOR_RULES}: the first rule that matches. `username` is that of
 * `user`, never of `impersonatedUser`: it is about who really came. Both count as absent and empty alike.
 */
export function actorKind(username: string | undefined, groups: readonly string[] = []): ActorKind {
  const name = username ?? ""
  const rule = ACTOR_RULES.find((candidate) => matches(candidate, name, groups))
  return rule?.kind ?? "human"
}

function matches({ match }: ActorRule, name: string, groups: readonly string[]): boolean {
  if ("equals" in match) return match.equals.includes(name)
  if ("groups" in match) return match.groups.some((group) => groups.includes(group))
  return name.startsWith(match.prefix) && name.endsWith(match.suffix ?? "")
}
