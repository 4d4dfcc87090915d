import { readSmallFile, readSmallText } from '../cli/files.ts';
import { takeGlobalFlags } from '../cli/global-flags.ts';
import { harmlessJson, harmlessText } from '../cli/harmless.ts';
import { factsOfReceipt, receiptText } from '../cli/receipt-text.ts';
import { exitCodeOf, refusalOf } from '../cli/refusal.ts';
import { CodedError } from '../primitives/errors.ts';
import { checkReceiptFile, isReceiptBundle } from '../sdk/receipt.ts';

/**
 * `node check-receipt.mjs FILE --trust FILE [--json]`: the command `check-receipt` as one file, for who has a
 * receipt, a trust root and any Node from 20 on, and nothing of Salus. Lines, codes and exit codes are the
 * command's. Source: docs/protocol/commands.md, rules CL-1 and CL-2.
 */
const help = `Usage: node check-receipt.mjs <file> [--trust <file>] [--words <words>] [--json]

check a receipt: no network, no wallet, no clock

Options:
  --trust <file>   the trust root to believe
  --words <words>  believe the trust root in a bundle that has these twelve words
  --json           one JSON object on stdout, nothing else`;

interface Asked {
  readonly file: string;
  readonly trust?: string;
  readonly words?: string;
}

async function run(args: readonly string[]): Promise<number> {
  const json = args.includes('--json');
  const print = (facts: object, text: string) =>
    process.stdout.write(
      `${json ? harmlessJson(JSON.stringify({ ok: true, ...facts })) : harmlessText(text)}\n`,
    );
  try {
    const { rest } = takeGlobalFlags(args, process.env);
    if (rest.includes('--help') || rest.includes('-h')) {
      print({ help }, help);
      return 0;
    }
    const { file, trust, words } = readArguments(rest);
    const receipt = readSmallFile(file);
    if (trust === undefined && !isReceiptBundle(receipt)) {
      throw missing('say --trust <file>');
    }
    const trustRootJson = trust === undefined ? undefined : readSmallText(trust);
    const facts = factsOfReceipt(await checkReceiptFile(receipt, { trustRootJson, words }));
    print(facts, receiptText(facts));
    return 0;
  } catch (error) {
    const coded = error instanceof CodedError ? error : new CodedError('INTERNAL', {}, error);
    if (json) process.stdout.write(`${harmlessJson(JSON.stringify(refusalOf(coded)))}\n`);
    else process.stderr.write(`${harmlessText(coded.message)}\n`);
    if (coded !== error) process.stderr.write(`${String((error as Error)?.stack)}\n`);
    return exitCodeOf(coded);
  }
}

const taking = ['trust', 'words'] as const;

/** What the global flags left over. Throws MISSING, USAGE, with the problem in the command line's words. */
function readArguments(rest: readonly string[]): Asked {
  const files: string[] = [];
  const values: { trust?: string; words?: string } = {};
  let flagsEnded = false;
  for (let i = 0; i < rest.length; i++) {
    const argument = rest[i] ?? '';
    const [flag = '', ...inline] = argument.split('=');
    const name = taking.find((it) => flag === `--${it}`);
    if (flagsEnded || !argument.startsWith('-')) files.push(argument);
    else if (argument === '--') flagsEnded = true;
    else if (name === undefined) throw usage(`unknown option '${argument}'`);
    else {
      const value = inline.length > 0 ? inline.join('=') : rest[++i];
      if (value === undefined) throw usage(`option '--${name} <${kinds[name]}>' argument missing`);
      values[name] = value;
    }
  }
  const [file] = files;
  if (file === undefined) throw missing('say <file>');
  if (files.length > 1) {
    const got = `Expected 1 argument but got ${files.length}: ${files.join(', ')}.`;
    throw usage(`too many arguments for 'check-receipt'. ${got}`);
  }
  return { file, ...values };
}

const kinds = { trust: 'file', words: 'words' } as const;

/** How the command is used, as it says so itself (CL-14). */
const way = 'salus check-receipt [options] <file>';

function usage(problem: string): CodedError {
  return new CodedError('USAGE', { problem: `${problem}: ${way}` });
}

function missing(problem: string): CodedError {
  return new CodedError('MISSING', { problem: `${problem}: ${way}` });
}

process.exitCode = await run(process.argv.slice(2));
