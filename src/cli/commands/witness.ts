import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { bytesToHex } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { WitnessEvent } from '../../server/witness/witness.ts';
import { tellingEvidence } from '../evidence.ts';
import { readSmallFile } from '../files.ts';
import { amount } from '../format.ts';
import { homeFolder } from '../home.ts';
import { trustRootJsonFrom } from '../trust-file.ts';
import { replacing, writeOut } from '../write-out.ts';
import type { AddCommand, CommandContext } from './command.ts';
import { believeWitnesses } from './witness-believe.ts';

interface WitnessFlags {
  readonly of?: string;
  readonly receipt?: string;
  readonly keyFile?: string;
  readonly trust?: string;
  readonly out?: string;
  readonly believe?: readonly string[];
  readonly quorum?: string;
}

/** Somebody else's process that follows a ledger and signs its headers, so that nobody can be shown another one. */
export const addWitness: AddCommand = (program, context) => {
  program
    .command('witness')
    .description('follow the ledger of a hospital and sign its headers, until Ctrl-C')
    .option(
      '--of <url>',
      'the address of a hospital that serves the ledger, such as https://HOST/north',
    )
    .option('--receipt <file>', 'instead: add the signature of this witness to a receipt')
    .option('--out <file>', 'where that receipt goes; default: over the old one')
    .option(
      '--key-file <file>',
      "the key of this witness; default: the home's witness.key, made on first use",
    )
    .option('--trust <file>', "the trust root to believe; default: the home's trust.json")
    .option(
      '--believe <keys...>',
      'instead: a trust root that names these witnesses, checked at --of',
    )
    .option('--quorum <n>', 'with --believe: so many of them must vouch; default: all')
    .addHelpText('after', witnessHelp)
    .action((flags: WitnessFlags) => run(context, flags));
};

const witnessHelp = `
Beside the key lies the record of what was signed: they belong together. A key or a record that was copied, or put
back as it was earlier, may sign twice what it signed once: begin anew with another --key-file instead.
What does not fit (a fork, a shorter ledger, a log that changed) ends it with exit code 4 and a file of evidence.`;

async function run(context: CommandContext, flags: WitnessFlags): Promise<void> {
  const { of, receipt, believe, quorum } = flags;
  if (believe !== undefined && receipt === undefined) {
    await believeWitnesses(context, { ...flags, believe });
    return;
  }
  if (believe !== undefined || quorum !== undefined) {
    throw new CodedError('USAGE', {
      problem: '--quorum goes with --believe, which goes with --of',
    });
  }
  if ((of === undefined) === (receipt === undefined)) {
    throw new CodedError('USAGE', { problem: 'one of --of and --receipt' });
  }
  const home = homeFolder(context.flags.home);
  const trustRootJson = trustRootJsonFrom(home, flags.trust);
  const key = flags.keyFile ?? join(home, 'witness.key');
  if (receipt !== undefined && !existsSync(key)) {
    throw new CodedError('FILE_UNREADABLE', { file: basename(key) });
  }
  const { openWitness } = await import('../../server/witness/open.ts');
  const opened = openWitness(key, trustRootJson);
  try {
    if (receipt !== undefined) await cosignReceipt(context, opened, receipt, flags.out);
    else if (of !== undefined) await tellingEvidence(context.output, follow(context, opened, of));
  } finally {
    opened.close();
  }
}

type Opened = ReturnType<typeof import('../../server/witness/open.ts').openWitness>;

async function follow(
  { output, signal }: CommandContext,
  opened: Opened,
  url: string,
): Promise<void> {
  const publicKey = bytesToHex(opened.publicKey);
  await opened.follow(url, {
    signal,
    onReady: (height, chain) =>
      output.line({ event: 'witnessing', publicKey, chain, height, url }, () =>
        [
          `Witnessing ${chain} from height ${height}; Ctrl-C ends it.`,
          `Who trusts this witness names its key in the trust root: ${publicKey}`,
        ].join('\n'),
      ),
    on: (event) => output.line(factsOf(event), () => textOf(event)),
  });
}

function factsOf(event: WitnessEvent): Record<string, unknown> {
  if (event.event === 'waiting') return { event: 'waiting', code: event.error.code };
  if (event.event === 'followed') return { ...event };
  const signed = event.signed.map(({ height, headerHash, signature }) => ({
    height,
    headerHash: bytesToHex(headerHash),
    signature: bytesToHex(signature),
  }));
  return { event: 'signed', height: signed.at(-1)?.height, signed };
}

function textOf(event: WitnessEvent): string {
  if (event.event === 'waiting') return `waiting: ${event.error.sentence} (${event.error.code})`;
  if (event.event === 'followed') {
    return `followed to height ${event.height}, ${amount(event.headers, 'header')} too old to sign`;
  }
  return `signed ${amount(event.signed.length, 'header')} up to height ${event.signed.at(-1)?.height}`;
}

async function cosignReceipt(
  context: CommandContext,
  opened: Opened,
  file: string,
  out: string | undefined,
): Promise<void> {
  const { receipt, height } = await opened.cosign(readSmallFile(file));
  const written = await writeOut(out ?? file, receipt, out === undefined ? replacing : context);
  const publicKey = bytesToHex(opened.publicKey);
  context.output.result(
    { file: written, height, publicKey },
    () =>
      `written to ${written}, with this witness's signature under the header of height ${height}`,
  );
}
