import { bytesToHex } from '../../primitives/bytes.ts';
import { tellingEvidence } from '../evidence.ts';
import { readSmallText } from '../files.ts';
import { amount, sizeOf, table } from '../format.ts';
import { homeFolder } from '../home.ts';
import { during } from '../output.ts';
import { trustRootJsonFrom } from '../trust-file.ts';
import type { AddCommand, CommandContext } from './command.ts';

/** Re-hash and re-execute all that the servers of a home hold; the first thing that is broken is named. */
export const addVerify: AddCommand = (program, { flags, output, signal }) => {
  program
    .command('verify')
    .description('verify the whole ledger, every stored byte and every row of this home')
    .option('--trust <file>', "the trust root to believe; default: the home's trust.json")
    .option(
      '--remote <url>',
      'instead: the ledger that a hospital elsewhere serves at this address',
    )
    .addHelpText('after', verifyHelp)
    .action(async ({ trust, remote }: { trust?: string; remote?: string }) => {
      if (remote !== undefined) {
        await verifyElsewhere({ flags, output, signal }, remote, trust);
        return;
      }
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

const verifyHelp = `
It only reads: also beside a running server, and in a copy of a home (--home FOLDER).
With --remote: every header since the last time, or since the trust root, and that the logs only grew. The newest is
kept in the home for the next time; records and results are not executed again.`;

async function verifyElsewhere(
  { flags, output, signal }: Pick<CommandContext, 'flags' | 'output' | 'signal'>,
  url: string,
  trust: string | undefined,
): Promise<void> {
  const home = homeFolder(flags.home);
  const trustRootJson = trustRootJsonFrom(home, trust);
  const { chain, from, to, kept } = await tellingEvidence(
    output,
    during(output, 'Verifying', async (progress) => {
      const { verifyRemote } = await import('../../server/maintenance/verify-remote.ts');
      return verifyRemote({ url, home, trustRootJson, signal, onProgress: progress.update });
    }),
  );
  const { height } = to.header;
  const headers = height - from.header.height;
  const logs = { user: to.heads?.logs.user.size ?? 0, doc: to.heads?.logs.doc.size ?? 0 };
  const headerHash = bytesToHex(to.headerHash);
  output.result({ chain, height, headerHash, from: from.header.height, headers, logs, kept }, () =>
    [
      `The ledger ${chain} follows from height ${from.header.height}: ${amount(headers, 'header')} to height ${height}, each signed and linked.`,
      `Its logs only grew: ${amount(logs.user, 'transaction')} of people, ${amount(logs.doc, 'transaction')} of institutions.`,
      `Newest header ${headerHash}, kept in ${kept}`,
    ].join('\n'),
  );
}
