import type { LintRule } from "../finding.ts"
import { catchAll } from "./catch-all.ts"
import { commentClaims } from "./comment-claims.ts"
import { configmapBodies } from "./configmap-bodies.ts"
import { deadRule } from "./dead-rule.ts"
import { duplicateKey } from "./duplicate-key.ts"
import { execVerbs } from "./exec-verbs.ts"
import { failedLogins } from "./failed-logins.ts"
import { groupVersion } from "./group-version.ts"
import { illegal } from "./illegal.ts"
import { impersonation } from "./impersonation.ts"
import { literalWildcard } from "./literal-wildcard.ts"
import { managedFields } from "./managed-fields.ts"
import { missingDeletecollection } from "./missing-deletecollection.ts"
import { missingSubresources } from "./missing-subresources.ts"
import { noStages } from "./no-stages.ts"
import { noise } from "./noise.ts"
import { noneProtected } from "./none-protected.ts"
import { removedApi } from "./removed-api.ts"
import { requestReceived } from "./request-received.ts"
import { reviews } from "./reviews.ts"
import { secretBodies } from "./secret-bodies.ts"
import { shadowedRule } from "./shadowed-rule.ts"
import { unknownKey } from "./unknown-key.ts"
import { unknownVerb } from "./unknown-verb.ts"
import { wideUrl } from "./wide-url.ts"
import { wrongGroup } from "./wrong-group.ts"

/** Every lint rule of policies: a file here and a line in this table; docs/POLICY.md lists them. */
export const LINT_RULES: readonly LintRule[] = [
  illegal,
  groupVersion,
  unknownKey,
  duplicateKey,
  deadRule,
  shadowedRule,
  catchAll,
  commentClaims,
  secretBodies,
  configmapBodies,
  noneProtected,
  missingDeletecollection,
  missingSubresources,
  execVerbs,
  literalWildcard,
  wrongGroup,
  unknownVerb,
  impersonation,
  failedLogins,
  noStages,
  requestReceived,
  removedApi,
  wideUrl,
  managedFields,
  reviews,
  noise,
]
