import { isRecording, type LintRule, rulesOf } from "../finding.ts"

export const wideUrl: LintRule = {
  name: "wide-url",
  severity: "info",
  summary: "A prefix like `/healthz*` that leaves out more than it names.",
  why: "a star is a plain prefix: /healthz* also takes /healthzfoo, which nobody serves and a scanner asks for",
  firing: '- level: None\n  nonResourceURLs: ["/healthz*"]',
  silent: '- level: None\n  nonResourceURLs: [/healthz, "/healthz/*"]',
  *check({ policy }) {
    for (const { rule, path } of rulesOf(policy)) {
      if (isRecording(rule)) continue
      for (const [index, url] of rule.nonResourceURLs.entries()) {
        const all = url === "*" || url === "/*"
        if (!all && !/[^/]\*$/.test(url)) continue
        const bare = url.slice(0, -1)
        yield {
          path: [...path, "nonResourceURLs", index],
          severity: all ? "warning" : "info",
          message: all
            ? "no URL is recorded, whoever asks"
            : `${url} is a plain prefix: ${bare}anything is not recorded either`,
          ...(all
            ? {}
            : {
                fix: `${JSON.stringify(bare)} and ${JSON.stringify(`${bare}/*`)}`,
                edit: { kind: "swap", path: [...path, "nonResourceURLs", index], items: [bare, `${bare}/*`] },
              }),
        }
      }
    }
  },
}
