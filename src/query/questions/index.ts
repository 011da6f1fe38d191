import { nearest } from "../../base/nearest.ts"
import { Refusal } from "../../base/refusal.ts"
import { agentActivity } from "./agent-activity.ts"
import { anonymousAccess } from "./anonymous-access.ts"
import { apiChanges } from "./api-changes.ts"
import { busiestActors } from "./busiest-actors.ts"
import { certificateApprovals } from "./certificate-approvals.ts"
import { deletions } from "./deletions.ts"
import { eventsFromAddress } from "./events-from-address.ts"
import { execSessions } from "./exec-sessions.ts"
import { failedAdmission } from "./failed-admission.ts"
import { firstTimeActors } from "./first-time-actors.ts"
import { impersonation } from "./impersonation.ts"
import { newAddresses } from "./new-addresses.ts"
import { nodeProxy } from "./node-proxy.ts"
import { outsideWorkingHours } from "./outside-working-hours.ts"
import { portForwards } from "./port-forwards.ts"
import { privilegedPods } from "./privileged-pods.ts"
import type { Question } from "./question.ts"
import { refusedRequests } from "./refused-requests.ts"
import { serviceAccounts } from "./service-accounts.ts"
import { systemConfigmaps } from "./system-configmaps.ts"
import { tokenRequests } from "./token-requests.ts"
import { truncatedEvents } from "./truncated-events.ts"
import { webhookChanges } from "./webhook-changes.ts"
import { whatDidUserDo } from "./what-did-user-do.ts"
import { whoChangedRbac } from "./who-changed-rbac.ts"
import { whoReadSecrets } from "./who-read-secrets.ts"
import { whoTouchedObject } from "./who-touched-object.ts"

/** Questions that investigators ask. A new one is a file here and a line below. */
export const QUESTIONS: readonly Question[] = [
  whoReadSecrets,
  whoChangedRbac,
  whatDidUserDo,
  execSessions,
  portForwards,
  refusedRequests,
  firstTimeActors,
  deletions,
  impersonation,
  anonymousAccess,
  tokenRequests,
  nodeProxy,
  webhookChanges,
  apiChanges,
  privilegedPods,
  serviceAccounts,
  certificateApprovals,
  systemConfigmaps,
  failedAdmission,
  whoTouchedObject,
  agentActivity,
  busiestActors,
  eventsFromAddress,
  truncatedEvents,
  outsideWorkingHours,
  newAddresses,
]

/** Refuses `usage` with the nearest name there is. */
export function findQuestion(name: string): Question {
  const found = QUESTIONS.find((question) => question.name === name)
  if (found !== undefined) return found
  const meant = nearest(
    name,
    QUESTIONS.map((question) => question.name),
  )
  const hint = meant === undefined ? "tallystick questions lists them" : `did you mean ${meant}?`
  throw new Refusal("usage", `there is no question ${JSON.stringify(name.slice(0, 80))}; ${hint}`)
}
