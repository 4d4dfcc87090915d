import type { AddCommand } from '../../../cli/commands/command.ts';
import { type Enrolling, enrolSensor } from './sensor-enrol.ts';
import { type Simulating, simulateSensor } from './sensor-simulate.ts';
import { sensorsStatus } from './sensor-status.ts';

export const addSensor: AddCommand = (program, context) => {
  const sensor = program
    .command('sensor')
    .description('sensors of vital signs: register one, play readings, see what is wrong');
  sensor
    .command('enrol')
    .description('makes a sensor with a key of its own, and registers it as the patient')
    .argument('<name>', 'small letters, digits and dashes')
    .requiredOption(
      '--dataset <id>',
      'whose three servers keep the shares; the patient takes part in this study',
    )
    .option(
      '--without-study',
      'only keep the shares there: the patient takes part in no study by this',
    )
    .option(
      '--panel <numbers>',
      '1 vital signs, 2 blood pressure, 3 glucose, 4 oximeter, 5 heart rate; default: of the dataset',
    )
    .option(
      '--padded',
      'a full page every hour, measured or not: servers do not see how often; counts in no study',
    )
    .option('--public <words>', 'what may be said of the patient in a cohort: sex=1,age-band=4')
    .option('--every <seconds>', 'how often it measures', '60')
    .action((name: string, said: Enrolling) => enrolSensor(context, name, said));
  sensor
    .command('simulate')
    .description('takes readings of a file in (SenML, FHIR Observation, CSV) and sends its pages')
    .argument('<name>')
    .requiredOption('--from <file>', 'what was recorded')
    .option(
      '--start-hour <hour>',
      'hours since 1970 at which a recording begins; missing: it has just ended',
    )
    .option('--speed <times>', 'so many times as fast as it was recorded; missing: all at once')
    .option('--most <rows>', 'of each panel')
    .action((name: string, said: Simulating) => simulateSensor(context, name, said));
  sensor
    .command('status')
    .description('what arrived, and who is silent, has gaps or a low battery')
    .action(() => sensorsStatus(context));
};
