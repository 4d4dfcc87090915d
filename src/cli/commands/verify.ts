import { readSmallText } from '../files.ts';
import { amount, sizeOf, table } from '../format.ts';
import { homeFolder } from '../home.ts';
import { during } from '../output.ts';
import type { AddCommand } from './command.ts';

/** Re-hash and re-execute all that the servers of a home hold; the first thing that is broken is named. */
export const addVerify: AddCommand = (program, { flags, output, signal }) => {
  program
    .command('verify')
    .description('verify the whole ledger, every stored byte and every row of this home')
    .option('--trust <file>', "the trust root to believe; default: the home's trust.json")
    .addHelpText(
      'after',
      '\nIt only reads: also beside a running server, and in a copy of a home (--home FOLDER).',
    )
    .action(async ({ trust }: { trust?: string }) => {
      const trustRootJson = trust === undefined ? undefined : readSmallText(trust);
      const home = homeFolder(flags.home);
      const found = await during(output, 'Verifying', async (progress) => {
        const { verifyHome } = await import('../../server/maintenance/verify-home.ts');
        return verifyHome(home, { trustRootJson, signal, onProgress: progress.update });
      });
      output.result({ ...found }, () =>
        [
          `The ledger ${found.chain} holds: ${amount(found.height, 'block')} and ${amount(found.txs, 'transaction')}, executed again.`,
          `Newest header ${found.headerHash}`,
          found.trusted
            ? 'It begins with the header that the trust root names.'
            : 'No trust root: it agrees with itself, no more.',
          '',
          table([
            ['hospital', 'blobs', 'bytes', 'items', 'erased', 'announced only'],
            ...found.hospitals.map((it) => [
              it.hospital,
              String(it.blobs),
              sizeOf(it.bytes),
              String(it.items),
              String(it.erased),
              String(it.announced),
            ]),
          ]),
          ...(found.services ?? []).flatMap(({ name, findings }) =>
            findings.map(({ check, value }) => `${name}, ${check}: ${value}`),
          ),
        ].join('\n'),
      );
    });
};
