import { existsSync } from 'node:fs';
import { isIP } from 'node:net';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { CodedError } from '../primitives/errors.ts';
import { readSmallText } from './files.ts';
import { logLevels } from './log-to-file.ts';

const host = z.string().refine((text) => text === 'localhost' || isIP(text) !== 0);

/** What an operator states once instead of at every start. Source: docs/protocol/commands.md, rule CL-31. */
const config = z
  .strictObject({
    /** Where the server listens: an IP address, or `localhost`. */
    host,
    port: z.int().min(0).max(65_535),
    /** PEM files: with both, the server ends TLS itself. */
    tlsCert: z.string().min(1).max(4_096),
    tlsKey: z.string().min(1).max(4_096),
    /** Where others reach it, for invitations. */
    url: z.url({ protocol: /^https?$/ }).max(200),
    trustedProxy: z.array(z.string().min(1).max(100)).max(100),
    logFile: z.string().min(1).max(4_096),
    logLevel: z.enum(logLevels),
    logMaxMib: z.int().min(1).max(10_240),
    logKeep: z.int().min(0).max(1_000),
  })
  .partial();
export type Config = z.infer<typeof config>;
type Key = keyof Config;

/** How each key is called in the environment; a list is written with commas between. */
const variables: Readonly<Record<Key, string>> = {
  host: 'SALUS_HOST',
  port: 'SALUS_PORT',
  tlsCert: 'SALUS_TLS_CERT',
  tlsKey: 'SALUS_TLS_KEY',
  url: 'SALUS_URL',
  trustedProxy: 'SALUS_TRUSTED_PROXY',
  logFile: 'SALUS_LOG_FILE',
  logLevel: 'SALUS_LOG_LEVEL',
  logMaxMib: 'SALUS_LOG_MAX_MIB',
  logKeep: 'SALUS_LOG_KEEP',
};
const keys = Object.keys(variables) as readonly Key[];

type Env = Readonly<Record<string, string | undefined>>;

/**
 * The file (`--config`, else `SALUS_CONFIG`, else `salus.json` of the home, where there is one), and over it what the
 * environment says; flags go over both. Throws CONFIG_INVALID {file or variable, key}: unknown keys are refused by
 * name; FILE_UNREADABLE.
 */
export function readConfig(home: string, file: string | undefined, env: Env): Config {
  return { ...fromFile(home, file ?? env.SALUS_CONFIG), ...fromEnvironment(env) };
}

function fromFile(home: string, named: string | undefined): Config {
  const path = resolve(named ?? join(home, 'salus.json'));
  if (named === undefined && !existsSync(path)) return {};
  const text = readSmallText(path);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CodedError('CONFIG_INVALID', { file: path, problem: 'this is no JSON' }, cause);
  }
  const read = config.safeParse(value);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys.join(', ') : undefined;
  const key = unknown ?? issue?.path.join('.') ?? '';
  const known = unknown === undefined ? {} : { known: keys.join(', ') };
  throw new CodedError('CONFIG_INVALID', { file: path, key, ...known });
}

function fromEnvironment(env: Env): Config {
  const said = keys.flatMap((key) => {
    const text = env[variables[key]];
    return text === undefined || text === '' ? [] : [[key, spoken(key, text)] as const];
  });
  const read = config.safeParse(Object.fromEntries(said));
  if (read.success) return read.data;
  const wrong = keys.find((key) => key === read.error.issues[0]?.path[0]) ?? 'host';
  throw new CodedError('CONFIG_INVALID', { variable: variables[wrong] });
}

function spoken(key: Key, text: string): unknown {
  if (key === 'trustedProxy') return text.split(',').map((it) => it.trim());
  if (key !== 'port' && key !== 'logMaxMib' && key !== 'logKeep') return text;
  return /^\d{1,15}$/.test(text) ? Number(text) : text;
}
