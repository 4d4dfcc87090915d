import { join } from 'node:path';
import { CodedError } from '../../primitives/errors.ts';
import { wordsOfTrustRoot } from '../../sdk/index.ts';
import { amount } from '../format.ts';
import { homeFolder } from '../home.ts';
import { during } from '../output.ts';
import { trustRootJsonFrom } from '../trust-file.ts';
import { replacing, writeOut } from '../write-out.ts';
import type { CommandContext } from './command.ts';

export interface BelieveFlags {
  readonly believe: readonly string[];
  readonly quorum?: string;
  readonly of?: string;
  readonly trust?: string;
  readonly out?: string;
}

/** Writes a trust root that names these witnesses, once a hospital was believed by it. Throws MISSING, USAGE, and as `trustWithWitnesses`. */
export async function believeWitnesses(
  context: CommandContext,
  flags: BelieveFlags,
): Promise<void> {
  const { believe: witnesses, of: url, quorum: asked, trust, out } = flags;
  const { output, signal } = context;
  if (url === undefined) {
    throw new CodedError('MISSING', { problem: 'say --of URL: a hospital of this ledger' });
  }
  const home = homeFolder(context.flags.home);
  const trustRootJson = trustRootJsonFrom(home, trust);
  const quorum = asked === undefined ? witnesses.length : numberOf(asked);
  const { text, chain, height } = await during(output, 'Asking', async () => {
    const { trustWithWitnesses } = await import('../../server/witness/believing.ts');
    return trustWithWitnesses({ url, trustRootJson, witnesses, quorum, signal });
  });
  const over = out === undefined ? replacing : context;
  const file = await writeOut(out ?? trust ?? join(home, 'trust.json'), text, over);
  const trustWords = wordsOfTrustRoot(text);
  output.result({ file, chain, witnesses, quorum, height, trustWords }, () =>
    [
      quorum === 0
        ? `${file} names ${amount(witnesses.length, 'witness', 'witnesses')}; none need vouch.`
        : `By ${file} nothing new of ${chain} is believed with fewer than ${quorum} of ${amount(witnesses.length, 'witness', 'witnesses')}.`,
      `Header ${height} is believed by it. Who opens or enrols by this file asks so; a wallet that is open keeps what it has.`,
    ].join('\n'),
  );
}

function numberOf(text: string): number {
  if (!/^\d{1,3}$/.test(text)) throw new CodedError('USAGE', { problem: '--quorum is a number' });
  return Number(text);
}
