/** Where events are kept, for how long, and what a GB costs there. */
export type Tier = {
  readonly name: string
  /** For each GB held, a month. */
  readonly usdPerGbMonth: number
  /** How long events stay there. */
  readonly days: number
}

/** Traffic over some time, as what a day and a month bring and what it costs to keep. */
export type Capacity = {
  readonly bytesPerDay: number
  readonly bytesPerMonth: number
  readonly eventsPerDay: number
  readonly tiers: readonly {
    readonly name: string
    readonly days: number
    /** Compressed bytes that the tier holds once it is full. */
    readonly bytesHeld: number
    readonly usdPerMonth: number
  }[]
}

const DAYS_PER_MONTH = 30
const GB = 1e9
const DAY_SECONDS = 86_400

export function capacityOf(
  { events, bytes }: { readonly events: number; readonly bytes: number },
  seconds: number,
  { tiers, ratio }: { readonly tiers: readonly Tier[]; readonly ratio: number },
): Capacity {
  const scale = seconds > 0 ? DAY_SECONDS / seconds : 0
  const bytesPerDay = bytes * scale
  return {
    bytesPerDay,
    bytesPerMonth: bytesPerDay * DAYS_PER_MONTH,
    eventsPerDay: events * scale,
    tiers: tiers.map(({ name, days, usdPerGbMonth }) => {
      const bytesHeld = (bytesPerDay / ratio) * days
      return { name, days, bytesHeld, usdPerMonth: (bytesHeld / GB) * usdPerGbMonth }
    }),
  }
}
