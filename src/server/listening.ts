import { BlockList, isIP } from 'node:net';
import { CodedError } from '../primitives/errors.ts';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/**
 * Throws HOST_OPEN for an address that others can reach while nothing ends TLS, neither this process nor a proxy that
 * is named: tokens and names of colleagues would cross the network in clear.
 */
export function requireShielded(
  host: string,
  { proxies, tls = false }: { readonly proxies: readonly string[]; readonly tls?: boolean },
): void {
  if (tls || host === 'localhost' || isLoopback(host) || proxies.length > 0) return;
  throw new CodedError('HOST_OPEN', { host });
}

function isLoopback(host: string): boolean {
  const version = isIP(host);
  return version !== 0 && loopback.check(host, version === 6 ? 'ipv6' : 'ipv4');
}

/** Where this machine itself finds what listens at `host`. */
export function urlAt(host: string, port: number): string {
  const here = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${isIP(here) === 6 ? `[${here}]` : here}:${port}`;
}
