/**
 * A template (Jinja, Go) as YAML with the same lines and columns: statements become blanks, values a word. What it says about
 * the rest holds for every way of filling it in.
 */
export function withoutTemplate(text: string): string {
  if (!/\{[{%#]/.test(text)) return text
  return text.replace(/\{%[^\n]*?%\}|\{#[^\n]*?#\}|\{\{[^\n]*?\}\}/g, (part) =>
    part.startsWith("{{") ? "x".repeat(part.length) : " ".repeat(part.length),
  )
}
