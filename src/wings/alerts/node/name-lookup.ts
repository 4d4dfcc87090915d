import { Resolver } from 'node:dns/promises';
import { readFileSync, statSync } from 'node:fs';
import { isIP } from 'node:net';

/** Of one question to one name server, and how often each is asked: with the pauses between, some four seconds. */
const queryMs = 1_000;
const tries = 2;

export interface Address {
  readonly address: string;
  readonly family: number;
}

export interface NameLookupOptions {
  /** `127.0.0.1:5353`; missing: those of this machine. */
  readonly servers?: readonly string[];
  readonly hostsFile?: string;
  readonly resolverFile?: string;
}

/**
 * Names as the hosts file and the name servers of this machine have them. Each lookup is a few packets of its own: the system's
 * own way has four threads for all of a process, and silent name servers would hold them for everybody.
 * Source: docs/protocol/alerts.md, AL-12.
 */
export class NameLookup {
  readonly #of: Required<Omit<NameLookupOptions, 'servers'>> & Pick<NameLookupOptions, 'servers'>;

  constructor(options: NameLookupOptions = {}) {
    this.#of = { hostsFile: '/etc/hosts', resolverFile: '/etc/resolv.conf', ...options };
  }

  /**
   * All of a name, at once; `isOurs`: a name that the operator wrote, which may be a short one of this machine's network.
   * Throws what the name servers answer, and the signal's reason.
   */
  async addresses(
    host: string,
    { signal, isOurs = false }: { readonly signal: AbortSignal; readonly isOurs?: boolean },
  ): Promise<readonly Address[]> {
    const family = isIP(host);
    if (family !== 0) return [{ address: host, family }];
    const name = host.replace(/\.$/, '').toLowerCase();
    const here = this.#inHosts(name);
    if (here.length > 0) return here;
    // They are this machine, whatever a name server says (RFC 6761).
    if (name === 'localhost' || name.endsWith('.localhost')) return loopback;
    const names = isOurs && !name.includes('.') ? [...this.#searched(name), name] : [name];
    let failed: unknown;
    for (const it of names) {
      const found = await this.#asked(it, signal).catch((error: unknown) => {
        failed = error;
        return [];
      });
      if (found.length > 0) return found;
      signal.throwIfAborted();
    }
    throw failed;
  }

  /** Both families; of one that fails the other stands. */
  async #asked(name: string, signal: AbortSignal): Promise<readonly Address[]> {
    signal.throwIfAborted();
    const resolver = new Resolver({ timeout: queryMs, tries });
    if (this.#of.servers !== undefined) resolver.setServers(this.#of.servers);
    const cancel = () => resolver.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    try {
      const [four, six] = await Promise.allSettled([
        resolver.resolve4(name),
        resolver.resolve6(name),
      ]);
      const found = [...addressesIn(four, 4), ...addressesIn(six, 6)];
      if (found.length === 0 && four.status === 'rejected') throw four.reason;
      return found;
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }

  #inHosts(name: string): readonly Address[] {
    const near = linesOf(this.#of.hostsFile).filter((line) => line.includes(name));
    return near.flatMap((line) => {
      const [address = '', ...names] = line.split(/\s+/);
      const family = isIP(address);
      const isIt = family !== 0 && names.includes(name);
      return isIt ? [{ address, family }] : [];
    });
  }

  #searched(name: string): readonly string[] {
    const domains = linesOf(this.#of.resolverFile).flatMap((line) => {
      const [word, ...rest] = line.split(/\s+/);
      return word === 'search' || word === 'domain' ? rest : [];
    });
    return domains.slice(0, 6).map((domain) => `${name}.${domain.replace(/\.$/, '')}`);
  }
}

const loopback: readonly Address[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

const addressesIn = (
  settled: PromiseSettledResult<readonly string[]>,
  family: number,
): readonly Address[] =>
  settled.status === 'fulfilled' ? settled.value.map((address) => ({ address, family })) : [];

/** Lists of blocked names are hosts files of megabytes: read again when they change. */
const read = new Map<string, { readonly version: string; readonly lines: readonly string[] }>();

/** Without comments, in small letters; a machine without the file has none. */
function linesOf(path: string): readonly string[] {
  try {
    const { mtimeMs, size } = statSync(path);
    const version = `${mtimeMs} ${size}`;
    const known = read.get(path);
    if (known?.version === version) return known.lines;
    const lines = readFileSync(path, 'utf8')
      .split('\n')
      .map((line) =>
        line
          .replace(/[#;].*$/, '')
          .trim()
          .toLowerCase(),
      )
      .filter(Boolean);
    read.set(path, { version, lines });
    return lines;
  } catch {
    return [];
  }
}
