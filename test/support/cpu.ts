/** Milliseconds of processor this process has used: what others do on the machine is not in it. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
