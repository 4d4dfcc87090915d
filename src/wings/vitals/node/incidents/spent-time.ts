/**
 * What a piece of work costs, in milliseconds: processor time of all threads of this process, and the time in which it had nothing to do
 * but wait, when a database or a gateway works for it. Time in which others had the processor is not in it.
 */
export function spentByProcess(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000 + performance.eventLoopUtilization().idle;
}
