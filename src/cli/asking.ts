import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { CodedError } from '../primitives/errors.ts';
import type { CommandContext } from './commands/command.ts';
import { readSmallFile, readSmallText, standardInput, wholeOf } from './files.ts';
import { harmlessText } from './harmless.ts';
import type { Terminal } from './surroundings.ts';

/**
 * Secrets and questions. A secret comes from a file, a descriptor, the environment, or a person at the terminal, who
 * sees nothing of what is typed; never from the command line, which everybody on the machine can list.
 */

/** A person who can be asked. None with --json: there a program reads. */
function terminalOf({ output, surroundings }: CommandContext): Terminal | undefined {
  return output.json ? undefined : surroundings.terminal;
}

/** Whether somebody is there to ask. */
export const canAsk = (context: CommandContext): boolean => terminalOf(context) !== undefined;

/** Asks before something that cannot be undone; where nobody sits, the command itself is the yes. Throws INTERRUPTED. */
export async function confirmed(context: CommandContext, question: string): Promise<void> {
  if ((await saysYes(context, question)) === false) throw new CodedError('INTERRUPTED');
}

/** The same, where nothing is done unasked: throws CONFIRMATION_MISSING where nobody sits. */
export async function sure(context: CommandContext, question: string): Promise<void> {
  const answer = await saysYes(context, question);
  if (answer === undefined) throw new CodedError('CONFIRMATION_MISSING');
  if (!answer) throw new CodedError('INTERRUPTED');
}

/** Undefined: nobody is there to ask. Throws INTERRUPTED. */
export async function saysYes(
  context: CommandContext,
  question: string,
): Promise<boolean | undefined> {
  return terminalOf(context)?.yes(harmlessText(question));
}

/**
 * A line that is no secret: typed at a terminal, else the next one of standard input. Throws INTERRUPTED, also at the
 * end of input.
 */
export async function askLine(context: CommandContext, question: string): Promise<string> {
  const terminal = terminalOf(context);
  if (terminal !== undefined) return terminal.line(harmlessText(question));
  const { stdin } = context.surroundings;
  const lines = linesOf.get(stdin) ?? createInterface({ input: stdin })[Symbol.asyncIterator]();
  linesOf.set(stdin, lines);
  const stopped = new Promise<never>((_, reject) => {
    const stop = () => reject(new CodedError('INTERRUPTED'));
    if (context.signal.aborted) stop();
    context.signal.addEventListener('abort', stop, { once: true });
  });
  const next = await Promise.race([lines.next(), stopped]);
  if (next.done === true) throw new CodedError('INTERRUPTED');
  return next.value.trim();
}

/** One reader for each input: what it has read ahead is the next answer. */
const linesOf = new WeakMap<Readable, AsyncIterator<string>>();

/**
 * The passphrase of the wallet: `--passphrase-fd`, `--passphrase-file`, SALUS_PASSPHRASE, or typed; a new one twice.
 * Throws PASSPHRASE_MISSING, PASSPHRASE_DIFFERS (the second time), PASSPHRASE_FILE, FILE_UNREADABLE, INTERRUPTED.
 */
export async function askPassphrase(
  context: CommandContext,
  { isNew = false }: { readonly isNew?: boolean } = {},
): Promise<string> {
  const { passphraseFd, passphraseFile } = context.flags;
  const given =
    passphraseFd !== undefined
      ? readDescriptor(passphraseFd)
      : passphraseFile !== undefined
        ? readSmallFile(passphraseFile, maxPassphraseBytes)
        : undefined;
  const { SALUS_PASSPHRASE: known } = context.surroundings.env;
  const passphrase = given === undefined ? known : passphraseIn(given, isNew);
  if (passphrase !== undefined && passphrase !== '') return passphrase;
  return typedPassphrase(context, isNew);
}

/** Another passphrase for a wallet that has one: from a file, or typed twice. Throws as `askPassphrase`. */
export async function askNewPassphrase(
  context: CommandContext,
  file: string | undefined,
): Promise<string> {
  if (file === undefined) return typedPassphrase(context, true);
  const passphrase = passphraseIn(readSmallFile(file, maxPassphraseBytes), true);
  if (passphrase === '') throw new CodedError('PASSPHRASE_MISSING');
  return passphrase;
}

async function typedPassphrase(context: CommandContext, isNew: boolean): Promise<string> {
  const terminal = terminalOf(context);
  if (terminal === undefined) throw new CodedError('PASSPHRASE_MISSING');
  const passphrase = await terminal.secret(isNew ? 'A new passphrase' : 'Passphrase');
  if (passphrase === '') throw new CodedError('PASSPHRASE_MISSING');
  if (isNew && (await terminal.secret('The same again')) !== passphrase) {
    throw new CodedError('PASSPHRASE_DIFFERS');
  }
  return passphrase;
}

/**
 * A printed code that stands in a file; `-` is standard input, or a question at a terminal. Undefined: no file was
 * named. Throws FILE_UNREADABLE, INTERRUPTED.
 */
export async function readCodeFile(
  context: CommandContext,
  file: string | undefined,
  question: string,
): Promise<string | undefined> {
  if (file === undefined) return undefined;
  if (file !== '-') return readSmallText(file).trim();
  const terminal = terminalOf(context);
  if (terminal !== undefined) return (await terminal.secret(question)).trim();
  const { surroundings, signal } = context;
  const typed = await wholeOf(await standardInput('-', surroundings.stdin, signal));
  return Buffer.from(typed).toString('utf8').trim();
}

const maxPassphraseBytes = 64 * 1024;

/**
 * The one line that a file holds, without a byte order mark and the end of its line. A wallet is made from a file only
 * if its passphrase can be typed: a file that holds more opens what it made before. Throws PASSPHRASE_FILE.
 */
function passphraseIn(bytes: Uint8Array, isNew: boolean): string {
  const isUtf16 =
    (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  // What a decoder that is not strict makes of bytes that are no UTF-8 stands for many passphrases.
  const line = new TextDecoder('utf-8').decode(bytes).replace(/\r?\n$/, '');
  const isTyped = !isUtf16 && !/[\p{Cc}\p{Zl}\p{Zp}\ufffd]/u.test(line);
  if (isNew && !isTyped) throw new CodedError('PASSPHRASE_FILE');
  return line;
}

function readDescriptor(descriptor: number): Uint8Array {
  try {
    return new Uint8Array(readFileSync(descriptor));
  } catch (error) {
    throw new CodedError('FILE_UNREADABLE', { descriptor }, error);
  }
}
