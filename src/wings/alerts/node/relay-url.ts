import { readFileSync } from 'node:fs';
import { CodedError } from '../../../primitives/errors.ts';
import { requireMailAddress } from '../api/choice.ts';

/** A mail relay as the operator names it: `smtp://user:password@relay.example:587?from=alerts@north.example`. */
export interface Relay {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte (`smtps:`); else STARTTLS, without which nothing is said. */
  readonly isImplicitTls: boolean;
  /** No TLS at all: `tls=none`, and only on this machine. */
  readonly isPlain: boolean;
  readonly user?: string;
  readonly password?: string;
  readonly from: string;
  /** Who is told about this machine itself: the operator. */
  readonly operator?: string;
  /** Authorities (PEM) to believe, and no others; missing: those that Node brings. */
  readonly ca?: string;
}

const loopback = new Set(['localhost', '127.0.0.1', '[::1]']);
const known = new Set(['from', 'operator', 'tls', 'ca']);

/** Throws RELAY_INVALID {problem}; the URL itself, which may hold a password, is not repeated. */
export function parseRelay(text: string): Relay {
  if (text.length > 2_048 || !URL.canParse(text)) throw wrong('no URL');
  const url = new URL(text);
  const { protocol, hostname, searchParams: said } = url;
  if (protocol !== 'smtp:' && protocol !== 'smtps:') throw wrong('smtp: or smtps:');
  if (hostname === '') throw wrong('no host');
  const unknown = [...said.keys()].find((key) => !known.has(key));
  if (unknown !== undefined || said.size !== new Set(said.keys()).size) throw wrong('parameters');
  const tls = said.get('tls') ?? 'required';
  if (tls !== 'required' && tls !== 'none') throw wrong('tls=required or tls=none');
  const isPlain = tls === 'none';
  if (isPlain && (protocol === 'smtps:' || !loopback.has(hostname))) {
    throw wrong('tls=none is for a relay on this machine');
  }
  const isImplicitTls = protocol === 'smtps:';
  const [user, password] = [decoded(url.username), decoded(url.password)];
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (isImplicitTls ? 465 : 587) : Number(url.port),
    ...{ isImplicitTls, isPlain, from: address(said.get('from'), 'from') },
    ...(user !== '' && { user, password }),
    ...(said.has('operator') && { operator: address(said.get('operator'), 'operator') }),
    ...(said.has('ca') && { ca: readCertificates(said.get('ca') ?? '') }),
  };
}

const wrong = (problem: string, cause?: unknown) =>
  new CodedError('RELAY_INVALID', { problem }, cause);

function address(text: string | null, which: string): string {
  try {
    requireMailAddress(text ?? '');
  } catch (cause) {
    throw wrong(`${which}=ADDRESS`, cause);
  }
  return text ?? '';
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (cause) {
    throw wrong('user and password', cause);
  }
}

function readCertificates(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw wrong('ca=FILE', cause);
  }
}
