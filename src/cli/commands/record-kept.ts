import type { Command } from 'commander';
import { forgetKept, type KeptLine, keptLines, spokenName } from '../../sdk/index.ts';
import { openActing, work } from '../acting.ts';
import { amount, short, table, when } from '../format.ts';
import type { CommandContext } from './command.ts';

/** What this device keeps, sealed, of what was opened on it; `--drop` lets all of it go. */
export function addRecordKept(record: Command, context: CommandContext): void {
  record
    .command('kept')
    .description('what this device keeps sealed of what was opened on it, to read it offline')
    .option('--drop', 'let all of it go')
    .action((flags: { drop?: boolean }) => (flags.drop === true ? drop(context) : list(context)));
}

async function list(context: CommandContext): Promise<void> {
  const acting = await openActing(context, { takeBack: false });
  const lines: KeptLine[] = [];
  for (const account of acting.accounts) {
    lines.push(...(await acting.person.run(keptLines, undefined, work(context, account))));
  }
  const records = lines.map((it) => ({
    recordId: it.recordId,
    name: it.headline === undefined ? '' : spokenName(it.headline),
    class: it.recordClass,
    patient: it.patient,
    patientName: it.consent === undefined ? acting.person.name : it.patientName,
    consent: it.consent,
    openedMs: it.openedMs,
    endMs: it.endMs,
  }));
  context.output.result({ records, count: records.length }, () =>
    records.length === 0
      ? 'Nothing that was opened is kept on this device.'
      : [
          table([
            ['record', 'what', 'class', 'chart', 'opened', 'until'],
            ...records.map((it) => [
              short(it.recordId),
              it.name,
              it.class,
              it.patientName || short(it.patient),
              when(it.openedMs),
              it.endMs === undefined ? '' : when(it.endMs),
            ]),
          ]),
          '',
          `${amount(records.length, 'record')}, sealed; let them go: salus record kept --drop`,
        ].join('\n'),
  );
}

async function drop(context: CommandContext): Promise<void> {
  const acting = await openActing(context, { takeBack: false });
  let dropped = 0;
  for (const account of acting.accounts) {
    dropped += await acting.person.run(forgetKept, undefined, work(context, account));
  }
  context.output.result(
    { dropped },
    () => `${amount(dropped, 'record')} let go; they stay where they were.`,
  );
}
