import { CodedError } from '../primitives/errors.ts';

/** The flags that every command takes, before or after its name (protocol 11). */
export interface GlobalFlags {
  readonly json: boolean;
  /** What lies where a file is written may be replaced. */
  readonly force?: boolean;
  readonly home?: string;
  readonly gateway?: string;
  readonly as?: string;
  readonly passphraseFile?: string;
  readonly passphraseFd?: number;
  readonly port?: number;
}

type ValueFlag = 'home' | 'gateway' | 'as' | 'passphraseFile' | 'passphraseFd' | 'port';

const taking: Readonly<Record<string, ValueFlag>> = {
  '--home': 'home',
  '--gateway': 'gateway',
  '--as': 'as',
  '--passphrase-file': 'passphraseFile',
  '--passphrase-fd': 'passphraseFd',
  '--port': 'port',
};

/** All of them, as they are typed. */
export const globalFlags: readonly string[] = ['--json', '--force', ...Object.keys(taking)];

export const globalFlagsHelp = `
Flags of every command:
  --json                    one JSON object per line on stdout, nothing else
  --home <folder>           what this machine keeps (default: $SALUS_HOME, else .salus)
  --as <name>               whose wallet to use
  --passphrase-file <file>  what opens the wallet (default: $SALUS_PASSPHRASE, else it is asked for)
  --passphrase-fd <number>  the same, from an open descriptor
  --gateway <url>           the hospital's address, where it is not the one the wallet knows
  --port <number>           the port of this machine
  --force                   replace the file that lies where one is written`;

/**
 * Takes the global flags out of the arguments; the rest is the command's. What is not said stands in the
 * environment: SALUS_HOME. Throws USAGE.
 */
export function takeGlobalFlags(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): { flags: GlobalFlags; rest: string[] } {
  const values: Partial<Record<string, string>> = {};
  const rest: string[] = [];
  let json = false;
  let force = false;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    if (arg === '--') {
      rest.push(...args.slice(i));
      break;
    }
    const [flag = '', ...inline] = arg.split('=');
    const name = taking[flag];
    if (arg === '--json') json = true;
    else if (arg === '--force') force = true;
    else if (name === undefined) rest.push(arg);
    else {
      const value = inline.length > 0 ? inline.join('=') : args[++i];
      const isFlag = inline.length === 0 && value?.startsWith('--') === true;
      if (value === undefined || value === '' || isFlag)
        throw new CodedError('USAGE', { missingValueOf: flag });
      values[name] = value;
    }
  }
  const { home = env.SALUS_HOME, gateway, as, passphraseFile, passphraseFd, port } = values;
  return {
    flags: {
      json,
      ...(force && { force }),
      ...(home !== undefined && { home }),
      ...(gateway !== undefined && { gateway }),
      ...(as !== undefined && { as }),
      ...(passphraseFile !== undefined && { passphraseFile }),
      ...(passphraseFd !== undefined && { passphraseFd: parseDescriptor(passphraseFd) }),
      ...(port !== undefined && { port: parsePort(port) }),
    },
    rest,
  };
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new CodedError('USAGE', { port: text });
  return port;
}

function parseDescriptor(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new CodedError('USAGE', { passphraseFd: text });
  return Number(text);
}
