import { bytesToHex } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { GatewayClient } from '../../sdk/client/gateway-client.ts';
import { wordsOfTrustRoot } from '../../sdk/index.ts';
import { actingAccount, openActing, work } from '../acting.ts';
import { tellingEvidence } from '../evidence.ts';
import { readSmallText } from '../files.ts';
import { amount, sizeOf, table } from '../format.ts';
import { homeFolder } from '../home.ts';
import { during } from '../output.ts';
import { trustRootJsonFrom } from '../trust-file.ts';
import type { AddCommand, CommandContext } from './command.ts';

interface VerifyFlags {
  readonly trust?: string;
  readonly remote?: string;
  readonly blocks?: boolean;
  readonly against?: string;
}

/** Re-hash and re-execute all that the servers of a home hold; the first thing that is broken is named. */
export const addVerify: AddCommand = (program, context) => {
  const { flags, output, signal } = context;
  program
    .command('verify')
    .description('verify the whole ledger, every stored byte and every row of this home')
    .option('--trust <file>', "the trust root to believe; default: the home's trust.json")
    .option(
      '--remote <url>',
      'instead: the ledger that a hospital elsewhere serves at this address',
    )
    .option(
      '--blocks',
      'with --remote: every block, hashed and executed again as far as it is shown',
    )
    .option('--against <url>', 'with --remote: what another hospital serves of it, compared now')
    .addHelpText('after', verifyHelp)
    .action(async ({ trust, remote, blocks, against }: VerifyFlags) => {
      if (against !== undefined) {
        if (remote === undefined || blocks === true)
          throw new CodedError('USAGE', { problem: '--against goes with --remote' });
        await compareElsewhere(context, [remote, against], trust);
        return;
      }
      if (remote !== undefined) {
        const verify = blocks === true ? verifyBlocksElsewhere : verifyElsewhere;
        await verify(context, remote, trust);
        return;
      }
      if (blocks === true)
        throw new CodedError('USAGE', { problem: '--blocks goes with --remote' });
      const trustRootJson = trust === undefined ? undefined : readSmallText(trust);
      const home = homeFolder(flags.home);
      const found = await during(output, 'Verifying', async (progress) => {
        const { verifyHome } = await import('../../server/maintenance/verify-home.ts');
        return verifyHome(home, { trustRootJson, signal, onProgress: progress.update });
      });
      const words = found.trusted ? wordsOfTrustRoot(trustRootJsonFrom(home, trust)) : undefined;
      output.result({ ...found, ...(words !== undefined && { trustWords: words }) }, () =>
        [
          found.from === 1
            ? `The ledger ${found.chain} holds from its genesis on: ${amount(found.height, 'block')} and ${amount(found.txs, 'transaction')}, executed again.`
            : `The ledger ${found.chain} holds from block ${found.from} to ${found.height}, each signed and linked. This home joined by a snapshot; earlier blocks are not here yet, so nothing was executed and no row compared.`,
          `Newest header ${found.headerHash}`,
          found.trusted
            ? `It begins with the header that the trust root names. Words of the ledger: ${words?.join(' ') ?? ''}`
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
kept in the home for the next time; records and results are not executed again. With --blocks too: the whole ledger
from its first block on. Each transaction of a log that is open to everybody is shown and held to its signatures, of
the others their hashes; all are executed again up to the first that is held back. With --as NAME, somebody of a role
to whom they are open, such as an auditor, is shown those too. With --against: whether two hospitals show the same
ledger now; where they do not, both signed headers of the first height that differs are kept as evidence.`;

async function verifyBlocksElsewhere(
  context: CommandContext,
  url: string,
  trust: string | undefined,
): Promise<void> {
  const { flags, output, signal } = context;
  const trustRootJson = trustRootJsonFrom(homeFolder(flags.home), trust);
  // Of whoever is named the hospital shows what is open to his role: he is asked for nothing else.
  const acting = flags.as === undefined ? undefined : await openActing(context);
  const found = await during(output, 'Verifying', async (progress) => {
    const { verifyRemoteBlocks } = await import('../../server/maintenance/verify-blocks.ts');
    const asked = { url, trustRootJson, signal, onProgress: progress.update };
    if (acting === undefined) return verifyRemoteBlocks(asked);
    const run = (ctx: { readonly gateway: GatewayClient }) =>
      verifyRemoteBlocks({ ...asked, signedIn: ctx.gateway });
    const as = actingAccount(acting);
    return acting.person.run({ name: 'verify/blocks', run }, undefined, work(context, as));
  });
  const { chain, height, txs, heldBack, executed, logs, headerHash } = found;
  const words = wordsOfTrustRoot(trustRootJson);
  output.result({ ...found, trustWords: words }, () =>
    [
      `The ledger ${chain} holds: ${amount(height, 'block')} and ${amount(txs, 'transaction')}, hashed again, each header signed and linked.`,
      `Its logs are those of the blocks: ${amount(logs.user, 'transaction')} of people, ${amount(logs.doc, 'transaction')} of institutions.`,
      heldBack === 0
        ? `Every transaction was shown and executed again, up to height ${executed}.`
        : `${amount(heldBack, 'transaction')} of institutions are held back from who asked: of those the hashes hold. All before them was executed again, up to height ${executed}.`,
      `Newest header ${headerHash}`,
      `Words of the ledger: ${words.join(' ')}`,
    ].join('\n'),
  );
}

async function compareElsewhere(
  { flags, output, signal }: Pick<CommandContext, 'flags' | 'output' | 'signal'>,
  urls: readonly [string, string],
  trust: string | undefined,
): Promise<void> {
  const home = homeFolder(flags.home);
  const trustRootJson = trustRootJsonFrom(home, trust);
  const found = await tellingEvidence(
    output,
    during(output, 'Comparing', async () => {
      const { compareRemotes } = await import('../../server/maintenance/compare-remotes.ts');
      return compareRemotes({ urls, home, trustRootJson, signal });
    }),
  );
  const { chain, height, headerHash } = found;
  output.result({ ...found }, () =>
    [
      `Both show the same ${chain} up to block ${height}, each header signed.`,
      `Header ${headerHash}`,
    ].join('\n'),
  );
}

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
