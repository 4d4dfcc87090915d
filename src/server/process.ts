import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { OrganisationRight } from '../ledger/rights.ts';
import type { AccountId } from '../primitives/ids.ts';
import type { Scrubbing } from './maintenance/scrub/flaw.ts';

/**
 * What a service keeps between two runs: paths below the folder of its home or hospital, with `/`. A backup
 * holds these files and no others; whatever else lies there is derived, a lock, or half written.
 * Source: docs/operations/backup.md, rules K-1 to K-4.
 */
export interface KeptFiles {
  /** SQLite files: those of all services are copied as of one instant. */
  readonly databases?: readonly string[];
  /** Files that are written once, under a name of their own, and never changed. */
  readonly folders?: readonly KeptFolder[];
  /** Written once, when the home was founded. */
  readonly plain?: readonly string[];
  /** Like `plain`, and private: left out of a backup without keys. */
  readonly keys?: readonly string[];
}

/** A folder of files that a database names: those that it does not name are left over or half written. */
export interface KeptFolder {
  readonly path: string;
  /** One of the service's `databases`. */
  readonly database: string;
  /** Its first column is the name of a file. */
  readonly namesQuery: string;
}

/** What a check of one service found, and what to do about it when it is not as it should be. */
export interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly value: string;
  readonly advice: string;
}

/** Something that works in a home and keeps files there, once for the home or once for each hospital. */
export interface Service {
  /** Lower-case letters, digits and dashes: it names the log, and the line in the state of all processes. */
  readonly name: string;
  readonly per: 'home' | 'hospital';
  readonly keeps: KeptFiles;
  /**
   * For `salus verify`, and for a backup before it gets its name: throws a code of the kind `verification` for
   * what is broken, returns what holds. Reads only, also beside the running process.
   */
  readonly verify?: (home: string) => Promise<readonly Finding[]>;
  /**
   * For `salus scrub` and the scrub of a running home: everything that it keeps, held against what binds it. Goes on after
   * what it finds; reads only, also beside the running process. Source: docs/protocol/stores.md, rule SR-7.
   */
  readonly scrub?: (home: string) => readonly ScrubbedPart[];
  /** For `salus selfcheck`: is the service, or this machine for it, as it should be. */
  readonly check?: (home: string) => Promise<readonly Finding[]>;
}

/** A store that a service keeps, as the scrub names it: `north letters`. What is found is told the hospital that begins its name. */
export interface ScrubbedPart {
  readonly store: string;
  readonly scrub: () => Scrubbing;
}

/** A service that runs as a process of its own, under the supervisor. */
export interface Process extends Service {
  /** The file with its `ProcessEntry`; absolute. */
  readonly entry: string;
  /** Flags of Node for it. */
  readonly nodeFlags?: readonly string[];
  /** Whether it runs for the hospital in this folder; missing: for every one. */
  readonly runsFor?: (hospitalFolder: string) => boolean;
  /** One process of a home for all its hospitals for which it runs, though each keeps its own. */
  readonly together?: true;
}

/** What a process is told when it begins: whose it is. */
export interface ProcessOrder {
  readonly home: string;
  /** Of a process that runs once for each hospital. */
  readonly hospital?: string;
}

/** What the file of a process exports. It is ready when `start` returns. */
export interface ProcessEntry {
  start(order: ProcessOrder): Promise<RunningProcess>;
}

export interface RunningProcess {
  /** What was confirmed is kept; called once, before the process ends. */
  close(): Promise<void>;
}

/** What a wing brings to the servers of a home. */
export interface ServerWing {
  readonly name: string;
  readonly processes: readonly Process[];
  /** Rights that each hospital of a newly founded ledger has beside those of the spine. */
  readonly rights?: readonly OrganisationRight[];
  /**
   * Makes what the wing keeps in a home: its keys, its folders. Called once in a home, when it is founded or
   * first opened with this wing; again when that was interrupted, so it goes on from what is there.
   */
  readonly found?: (home: Founding) => Promise<void>;
  /**
   * What the wing brings to the demonstration, through its running servers. Called until the demo is loaded to its
   * end, so it goes on from what is there.
   */
  readonly demo?: (home: string, signal: AbortSignal) => Promise<void>;
  /**
   * What the wing’s processes of the hospital in this folder share with its gateway parts and with nobody else, such as
   * the key by which the one writes what the other reads; undefined: it is not there. Throws HOME_INVALID.
   */
  readonly gatewayKey?: (hospitalFolder: string) => Uint8Array | undefined;
  /** What the wing’s handlers are told of this machine, when they ask; undefined: nothing is known. */
  readonly machine?: (home: string) => Promise<unknown>;
}

export interface Founding {
  readonly home: string;
  readonly hospitals: readonly {
    readonly name: string;
    readonly account: AccountId;
    readonly folder: string;
  }[];
}

/** The folder that holds what the servers of a home keep. */
export const serversOf = (home: string): string => join(home, 'servers');

/** The hospitals whose gateways have kept something in this home, by name. */
export function hospitalsOf(home: string): string[] {
  const servers = serversOf(home);
  return readdirSync(servers, { withFileTypes: true })
    .filter((it) => it.isDirectory() && existsSync(join(servers, it.name, 'gateway.db')))
    .map((it) => it.name)
    .sort();
}
