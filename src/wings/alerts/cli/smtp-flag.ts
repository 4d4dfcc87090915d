import type { AddCommand } from '../../../cli/commands/command.ts';
import { homeFolder } from '../../../cli/home.ts';

/**
 * `up --smtp URL`: the mail relay of this home's hospitals, kept in the home until another is named or `none`. Also as
 * `SALUS_SMTP`, since a flag can be read by everybody on the machine and a URL may hold a password.
 */
const addSmtp = (program: Parameters<AddCommand>[0], context: Parameters<AddCommand>[1]): void => {
  const up = program.commands.find((it) => it.name() === 'up');
  up?.option(
    '--smtp <url>',
    'the mail relay for alerts, smtp://HOST:PORT?from=ADDRESS; kept in the home; demo: one of this home, whose letters its operators see; none: no more alerts',
  );
  up?.hook('preAction', async (_program, command) => {
    const said: unknown = command.opts().smtp ?? context.surroundings.env.SALUS_SMTP;
    const { nameRelay } = await import('../server/name-relay.ts');
    await nameRelay(homeFolder(context.flags.home), typeof said === 'string' ? said : '');
  });
};

export const addSmtpFlag: AddCommand = Object.assign(addSmtp, { extends: ['up'] });
