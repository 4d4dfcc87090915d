const onThisMachine = /^(localhost|127\.0\.0\.1|\[::1\])$/;
/** Others name another host, files, or less care. */
const allowed: ReadonlySet<string> = new Set(['sslmode', 'sslrootcert']);

/**
 * Whether this is a database of PostgreSQL, without a password, that nobody on the way to it reads: on this machine, or by
 * TLS with the host's name checked. Source: docs/protocol/vitals-servers.md, rule VS-19b.
 */
export function isDatabaseAddress(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname, pathname, password, searchParams } = new URL(address);
  const isNamed = /^postgres(ql)?:$/.test(protocol) && hostname !== '' && pathname.length > 1;
  if (!isNamed || password !== '') return false;
  if ([...searchParams.keys()].some((it) => !allowed.has(it))) return false;
  const modes = searchParams.getAll('sslmode').join();
  return modes === 'verify-full' || (modes === '' && onThisMachine.test(hostname));
}

/** `address`: one for which `isDatabaseAddress` holds. */
export function withPassword(address: string, password: string): string {
  const url = new URL(address);
  url.password = encodeURIComponent(password);
  return url.href;
}
