const AGAIN_MS = 50

/** Waits until a gauge of a server's /metrics has come down to `most`, `msMax` at most. */
export async function gaugeDown(url: string, gauge: string, most: number, msMax: number): Promise<void> {
  const line = new RegExp(`^${gauge}(?:\\{[^}]*\\})? (\\S+)$`, "m")
  for (const began = performance.now(); performance.now() - began < msMax; ) {
    const text = await (await fetch(`${url}/metrics`)).text()
    if (Number(line.exec(text)?.[1] ?? Number.NaN) <= most) return
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
  }
}
