import { join } from 'node:path';
import type { Command } from 'commander';
import type { CommandContext } from '../../../cli/commands/command.ts';
import { wholeNumber } from '../../../cli/commands/options.ts';
import { readSmallText } from '../../../cli/files.ts';
import { when } from '../../../cli/format.ts';
import { named } from '../../../cli/harmless.ts';
import { homeFolder } from '../../../cli/home.ts';
import { during } from '../../../cli/output.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { BlockTx, CheckedBlock } from '../../../sdk/actions/blocks.ts';
import type { ReceiptFacts } from '../../../sdk/actions/explain-receipt.ts';
import { localHospitals } from '../../../server/desk.ts';

interface BlockFlags {
  readonly count: number;
  readonly log?: string;
  readonly trust?: string;
}

/** `consortium block`: both logs, block by block, each checked up to its signed header before it is shown. */
export function addBlocks(consortium: Command, context: CommandContext): void {
  consortium
    .command('block [height]')
    .description('read blocks of both logs, the newest first, each checked before it is shown')
    .option(
      '--count <n>',
      'so many, up to this height (1 with a height, else 10)',
      wholeNumber(1, 50),
    )
    .option('--log <log>', 'transactions of this log alone: user or doc')
    .option('--trust <file>', "the trust root to believe; default: the home's trust.json")
    .action((height: string | undefined, flags: Partial<BlockFlags>) =>
      show(context, height, { count: height === undefined ? 10 : 1, ...flags }),
    );
}

async function show(
  context: CommandContext,
  height: string | undefined,
  { count, log, trust }: BlockFlags,
): Promise<void> {
  if (log !== undefined && log !== 'user' && log !== 'doc') {
    throw new CodedError('USAGE', { problem: '--log user or doc' });
  }
  const to = height === undefined ? undefined : wholeNumber(1, Number.MAX_SAFE_INTEGER)(height);
  const home = homeFolder(context.flags.home);
  const url = context.flags.gateway ?? localHospitals(home)[0]?.url;
  if (url === undefined) throw new CodedError('GATEWAY_UNREACHABLE');
  const { readBlocks } = await import('../../../sdk/actions/blocks.ts');
  const trustRootJson = readSmallText(trust ?? join(home, 'trust.json'));
  const read = await during(context.output, 'Reading', () =>
    readBlocks(url, { trustRootJson }, { to, count, signal: context.signal }),
  );
  if (to !== undefined && read.blocks[0]?.height !== to) {
    throw new CodedError('HEIGHT_UNKNOWN', { height: to, newest: read.tip.height });
  }
  const blocks = read.blocks.map((block) => ({
    ...block,
    txs: block.txs.filter((tx) => log === undefined || tx.log === log),
  }));
  context.output.result({ newest: read.tip.height, blocks }, () =>
    blocks.map(blockText).join('\n'),
  );
}

function blockText({ height, timeMs, headerHash, isFollowed, txs }: CheckedBlock): string {
  const signed = isFollowed ? '' : ', results not signed yet';
  const count = txs.length === 0 ? 'empty' : `${txs.length} transactions`;
  return [
    `${height}  ${when(timeMs)}  ${headerHash.slice(0, 16)}  ${count}${signed}`,
    ...txs.map(txText),
  ].join('\n');
}

function txText({ log, accepted, txId, body }: BlockTx): string {
  const verdict = accepted ? 'accepted' : 'refused';
  const head = `    ${log === '' ? '-' : log}  ${txId.slice(0, 16)}  ${verdict}`;
  if (body === undefined) return `${head}  (held back)`;
  const acts = body.acts.map((act) => `        ${factText(act)}`);
  return [`${head}  by ${body.sender.slice(0, 16)}`, ...acts].join('\n');
}

function factText({ kind, ...facts }: ReceiptFacts): string {
  const said = Object.entries(facts).map(([what, value]) => {
    const text = Array.isArray(value) ? value.join(' ') : String(value);
    return `${what} ${named(text.length > 64 ? `${text.slice(0, 64)}…` : text)}`;
  });
  return [String(kind), ...said].join(' · ');
}
