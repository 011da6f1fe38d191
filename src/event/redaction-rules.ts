/**
 * What is taken out of events before anything is written. Exactly one of `objectPaths`, `paths`, `parameters`
 * and `pattern` says what (a `pattern` may be narrowed by `paths`); `when` narrows to which events or
 * objects.
 */
export type RedactionRule = {
  /**
   * Stands in the value that replaces another, `[redacted:<name>]`, and in a metric: `[a-z][a-z0-9-]{0,31}`.
   */
  readonly name: string
  readonly description?: string
  readonly when?: {
    /** objectRef.resource, `secrets`, or with its subresource, `serviceaccounts/token`. */
    readonly resources?: readonly string[]
    /**
     * Kinds of objects, for `objectPaths` only: wherever such an object stands in a body, or in a list of the
     * kind.
     */
    readonly kinds?: readonly string[]
  }
  /**
   * Places within an API object: `data.*`. Looked for in the bodies of events about `when.resources`, in
   * their `items` and `rows`, in what patches of all types put there, and in every object of `when.kinds`.
   */
  readonly objectPaths?: readonly string[]
  /** Places within the event: `requestObject.spec.password`. See path.ts for the language. */
  readonly paths?: readonly string[]
  /**
   * RE2: the value of a parameter in the query of requestURI is replaced when it matches the decoded name.
   */
  readonly parameters?: string
  /** RE2, tried on every string (of `paths`): its first group, or all it matches, is replaced. */
  readonly pattern?: string
  /** The whole string is replaced where `pattern` matches. */
  readonly whole?: boolean
  /** A string without any of these texts is not tried: makes the pattern cheap. */
  readonly contains?: readonly string[]
}

const SECRETS = { resources: ["secrets"], kinds: ["Secret"] }
const TOKENS = {
  resources: ["tokenreviews", "serviceaccounts/token"],
  kinds: ["TokenReview", "TokenRequest"],
}
const NAMES_OF_SECRETS =
  "token|passw|passphrase|pwd|secret|api[-_.]?key|access[-_.]?key|private[-_.]?key|credential|bearer"

/** On unless configured otherwise. User rules come after these. */
export const DEFAULT_REDACTION: readonly RedactionRule[] = [
  {
    name: "secret-data",
    description: "Values in data and stringData of Secrets; their keys stay.",
    when: SECRETS,
    objectPaths: ["data.*", "stringData.*"],
  },
  {
    name: "last-applied",
    description: "kubectl's copy of a whole Secret in its annotation.",
    when: SECRETS,
    objectPaths: ['metadata.annotations["kubectl.kubernetes.io/last-applied-configuration"]'],
  },
  {
    name: "token",
    description: "Tokens in TokenReview and TokenRequest.",
    when: TOKENS,
    objectPaths: ["spec.token", "status.token"],
  },
  {
    name: "webhook-patch",
    description: "What admission webhooks patched into Secrets, which the API server notes in an annotation.",
    when: { resources: [...SECRETS.resources, ...TOKENS.resources] },
    paths: ['annotations["patch.webhook.admission.k8s.io/*"]'],
  },
  {
    name: "decode-error",
    description: "Pieces of a Secret that API servers before 1.23 quote when they cannot decode it.",
    when: { resources: [...SECRETS.resources, ...TOKENS.resources] },
    pattern: "(?s)found in #[0-9]+ byte of \\.\\.\\.\\|(.*)",
    contains: ["byte of ...|"],
  },
  {
    name: "embedded-secret",
    description:
      "A string that holds a whole Secret as JSON or YAML: manifests in ConfigMaps, annotations of lists.",
    pattern:
      // JSON, at any depth of strings within strings; YAML.
      '(?s)"kind\\\\*"\\s*:\\s*\\\\*"Secret(?:List)?\\\\*".*"(?:data|stringData)\\\\*"\\s*:\\s*\\{' +
      '|"(?:data|stringData)\\\\*"\\s*:\\s*\\{.*"kind\\\\*"\\s*:\\s*\\\\*"Secret(?:List)?\\\\*"' +
      "|(?m:^[\\s-]*kind:\\s*[\"']?Secret[\"']?\\s*$).*(?m:^\\s*(?:data|stringData):)" +
      "|(?m:^\\s*(?:data|stringData):).*(?m:^[\\s-]*kind:\\s*[\"']?Secret[\"']?\\s*$)",
    whole: true,
    contains: ['"Secret', " Secret", "'Secret"],
  },
  {
    name: "jwt",
    description: "JSON Web Tokens, wherever they stand: base64 of a JSON header, a dot, more.",
    pattern: "eyJ[A-Za-z0-9_-]{5,}(?:\\.[A-Za-z0-9_-]*){1,4}",
    contains: ["eyJ"],
  },
  {
    name: "bearer",
    description: "What follows the word Bearer as it does in an Authorization header.",
    pattern: "(?i)bearer(?:\\s|%20|\\+)+([A-Za-z0-9._~+/=%-]{8,})",
    contains: ["Bearer"],
  },
  {
    name: "uri-parameter",
    description:
      "Query parameters named like credentials: access_token, token, password, X-Amz-Signature, sig.",
    parameters: `(?i)${NAMES_OF_SECRETS}|authorization|signature|jwt|^(?:auth|code|key|pass|sig|assertion)$`,
  },
  {
    name: "exec-argument",
    description:
      "Arguments of exec named like credentials: command=--token%3DX, command=--password&command=X, PASSWORD%3DX.",
    paths: ["requestURI"],
    pattern: `(?i)[?&]command=[^&]*?(?:${NAMES_OF_SECRETS})[^&=]*?(?:%3D|=|%20|\\+|&command=)([^&]+)`,
    contains: ["command="],
  },
]

/**
 * Not on by default: literal values of environment variables. The whole list, since a name says little. Every
 * event with a body about these resources takes the careful path (some 50 µs).
 */
export const ENVIRONMENT_REDACTION: readonly RedactionRule[] = [
  {
    name: "environment",
    description: "Literal values of environment variables of containers.",
    when: {
      resources: [
        "pods",
        "deployments",
        "daemonsets",
        "statefulsets",
        "replicasets",
        "replicationcontrollers",
        "jobs",
        "cronjobs",
      ],
    },
    objectPaths: ["**.env.*.value"],
  },
]
