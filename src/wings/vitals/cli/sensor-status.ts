import type { CommandContext } from '../../../cli/commands/command.ts';
import { when } from '../../../cli/format.ts';
import { homeFolder } from '../../../cli/home.ts';
import { type SensorStanding, standingsOf } from '../sdk/sensor/sensor-standing.ts';
import { openSensorQueue, readSensor, sensorNames } from '../server/sensor-home.ts';

/** `salus sensor status`: what each sensor of this home has, and what is wrong with it. */
export async function sensorsStatus(context: CommandContext): Promise<void> {
  const home = homeFolder(context.flags.home);
  const nowMs = context.surroundings.now?.() ?? Date.now();
  const sensors: SensorStanding[] = [];
  for (const name of sensorNames(home)) {
    const sensor = readSensor(home, name);
    const queue = openSensorQueue(home, sensor);
    try {
      sensors.push(...standingsOf(sensor, await queue.standing(), nowMs));
    } finally {
      await queue.end();
    }
  }
  context.output.result({ sensors: sensors.map((it) => ({ ...it })) }, () =>
    sensors.length === 0 ? 'There is no sensor in this home.' : sensors.map(statusText).join('\n'),
  );
}

function statusText(it: SensorStanding): string {
  const trouble = it.warnings.length === 0 ? 'ok' : it.warnings.join(', ');
  const lost = it.lost === 0 ? '' : `, ${it.lost} given up`;
  const days = it.days === 0 ? '' : `, ${it.days} days to write`;
  const battery = it.battery === undefined ? '' : `; battery ${it.battery} %`;
  const newest = it.newestMs === 0 ? 'nothing measured yet' : `newest ${when(it.newestMs)}`;
  return [
    `${it.name}, panel ${it.panel}: ${it.done} pages accepted, ${it.closed} waiting${lost}${days}; ${newest}${battery}; ${trouble}`,
    ...it.gaps.map(({ fromMs, untilMs }) => `  nothing from ${when(fromMs)} to ${when(untilMs)}`),
    ...Object.entries(it.refused).map(([code, count]) => `  readings not taken: ${count} ${code}`),
  ].join('\n');
}
