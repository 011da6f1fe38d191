/** Examples of what is recognised, for docs/LOGSQL.md; its LogsQL is what `toLogsql` makes of it. */
export const HABIT_EXAMPLES: readonly (readonly [language: string, text: string])[] = [
  ["LogQL", `{stream="audit"} | json | verb="delete"`],
  ["LogQL", `verb=~"create|update" or verb=~"del.*"`],
  ["LogQL", `* |= "db-password"`],
  ["LogQL", "verb:delete | last 24h"],
  ["Splunk", "index=k8s verb=delete earliest=-24h | stats count by user.username | sort -count | head 10"],
  [
    "KQL",
    `Audit | where verb == "delete" and TimeGenerated > ago(1d) | summarize n = count() by user.username`,
  ],
  [
    "SQL",
    "SELECT verb, count(*) AS n FROM audit WHERE responseStatus.code >= 400 GROUP BY verb ORDER BY n DESC",
  ],
  ["Lucene", "+verb:delete responseStatus.code:[400 TO 499] _exists_:user.uid"],
  ["a shell", "cat audit.log | grep secrets | tail -50"],
]
