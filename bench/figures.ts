/** Prints figures as `npm run bench` gathers them: a name, two spaces or more, a value. */
export function print(figures: Readonly<Record<string, string | number>>): void {
  const width = Math.max(...Object.keys(figures).map((name) => name.length)) + 2
  for (const [name, value] of Object.entries(figures)) {
    console.log(`${name.padEnd(width)}${typeof value === "number" ? rounded(value) : value}`)
  }
}

function rounded(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(1)
}
