import type { SignatureChecks } from '../../src/engines/ledger-application/verify-tx.ts';
import { TxVerifier } from '../../src/engines/ledger-application/verify-tx.ts';
import type { Enrol } from '../../src/ledger/acts/enrol.ts';
import { encodeTx } from '../../src/ledger/codec.ts';
import type { Act } from '../../src/ledger/protocol.ts';
import type { Role } from '../../src/ledger/roles.ts';
import { accounts } from '../../src/ledger/tables/accounts.ts';
import { consents } from '../../src/ledger/tables/consents.ts';
import type { Tx } from '../../src/ledger/tx.ts';
import { recoveryKey } from '../setting.ts';
import {
  accountOf,
  bytesOf,
  codeKemHash,
  consentOf,
  day,
  enrolAct,
  identityOf,
  keySetAct,
  minute,
  type Sent,
  World,
} from '../world.ts';

/**
 * A chain that is the same whenever it is made: keys from names, acts from a seeded generator, fixed times. It
 * holds every kind of act, refused transactions, empty blocks and bytes that are no transaction. Signatures are
 * by decree, because the rules are pure and never look at them: one that is all 0xff does not hold.
 */
export interface GoldenBlock {
  readonly timeMs: number;
  readonly txs: readonly Uint8Array[];
}

const broken = new Uint8Array(64).fill(255);
const isBroken = (signature: Uint8Array): boolean => signature.every((byte) => byte === 255);

export const decreed: SignatureChecks = {
  signature: async ({ signature }) => !isBroken(signature),
  pointProof: () => true,
};

const most = 200;
const roles: readonly Role[] = ['patient', 'patient', 'patient', 'patient', 'clinician', 'nurse'];
/** Frozen: the chain is the same for ever, so acts of later versions are in chains of their own. */
export const drawnKinds = [
  'Enrol',
  'RotateKey',
  'RevokeKey',
  'KeySet',
  'KeySet',
  'ConsentGrant',
  'ConsentGrant',
  'ConsentGrant',
  'ConsentRevoke',
  'DataAnchor',
  'DataAnchor',
  'DataAnchor',
  'DiagnosisAnchor',
  'DiagnosisAnchor',
  'AccessLog',
  'AccessLog',
  'BatchAnchor',
] as const satisfies readonly Act['kind'][];

type DrawnKind = (typeof drawnKinds)[number];

/** Draws the chain block by block; it reads the state of `world`, in which every block must be played next. */
export class GoldenChain {
  readonly world = new World();
  readonly #patients: string[] = [];
  readonly #grants: { readonly name: string; readonly by: string }[] = [];
  #state = 20_261_121;
  #enrolled = 0;
  #made = 0;

  next(): GoldenBlock {
    const timeMs =
      this.world.timeMs + this.#pick([1, 1_000, 1_000, 5_000, minute, 2 * 60 * minute]);
    const count = this.#patients.length === 0 ? 2 : this.#pick([0, 1, 2, 2, 3, 4]);
    const txs: Uint8Array[] = [];
    for (let i = 0; i < count; i++) {
      const bytes = encodeTx(this.#tx(timeMs));
      txs.push(this.#chance(60) ? bytes.slice(0, this.#below(bytes.length)) : bytes);
    }
    return { timeMs, txs };
  }

  /** Mulberry32. */
  #below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let z = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) % bound;
  }

  #chance(oneIn: number): boolean {
    return this.#below(oneIn) === 0;
  }

  #pick<T>(list: readonly T[]): T {
    const picked = list[this.#below(list.length)];
    if (picked === undefined) throw new Error('nothing to pick from');
    return picked;
  }

  #fresh(what: string): string {
    return `golden ${what} ${this.#made++}`;
  }

  #tx(timeMs: number): Tx {
    const isFirst = this.#patients.length === 0;
    const sent = this.#sent(isFirst ? 'Enrol' : this.#pick<DrawnKind>(drawnKinds), timeMs);
    const row = this.world.view.get(accounts, accountOf(sent.from));
    const keys = sent.keys ?? [row?.signKey ?? identityOf(sent.from).signKey];
    const top = row?.window.top ?? 0;
    const edge = this.#pick([1 + this.#below(2_000), top + 1_024, top + 1_025]);
    const change = this.#chance(25) ? { nonce: edge } : {};
    const late = this.#chance(60) ? { validUntilMs: timeMs - 1 } : { validUntilMs: timeMs + day };
    const tx = this.world.tx({ ...sent, keys, ...late, ...change });
    if (!this.#chance(50)) return tx;
    const signatures = tx.signatures.map((each) => ({ ...each, signature: broken }));
    return { ...tx, signatures };
  }

  #sent(kind: DrawnKind, timeMs: number): Sent {
    if (kind === 'Enrol') return { from: 'hospital', acts: this.#enrolments() };
    const by = kind === 'RotateKey' ? this.#pick(this.#patients) : this.#patient();
    const row = this.world.view.get(accounts, accountOf(by));
    switch (kind) {
      case 'RotateKey': {
        const signKey = row?.signKey ?? identityOf(by).signKey;
        const isLost = row?.frozen === true || this.#chance(4);
        const identity = identityOf(this.#fresh('key'), recoveryKey);
        const shown = isLost ? recoveryKey : new Uint8Array(0);
        const keys = isLost ? [recoveryKey] : [signKey];
        const act: Act = {
          ...{ kind, identity, recoveryKey: shown, endGrantsFrom: 0 },
          codeKemHash: isLost ? codeKemHash : new Uint8Array(0),
        };
        // By the recovery key the number is that of the code.
        const nonce = isLost ? { nonce: (row?.recoveryCounter ?? 0) + 1 } : {};
        return { from: by, acts: [act], keys, ...nonce };
      }
      case 'RevokeKey':
        return {
          from: this.#chance(2) ? by : 'hospital',
          acts: [{ kind, account: accountOf(this.#chance(3) ? by : this.#pick(this.#patients)) }],
        };
      case 'KeySet': {
        const times = [0, timeMs + day, timeMs + 2 * day].slice(0, 1 + this.#below(3));
        return { from: by, acts: [keySetAct(row?.highestEpoch ?? 0, times)] };
      }
      case 'ConsentGrant':
        return { from: by, acts: this.#grantsOf(by, timeMs) };
      case 'ConsentRevoke': {
        const grant = this.#grant(by);
        const consent = consentOf(grant.name);
        return { from: this.#chance(8) ? by : grant.by, acts: [{ kind, consent }] };
      }
      case 'AccessLog': {
        const entries = Array.from({ length: 1 + this.#below(6) }, () => ({
          consent: consentOf(this.#grant(by).name),
          entryHash: bytesOf(this.#fresh('entry')),
        }));
        return { from: 'hospital', acts: [{ kind, entries }] };
      }
      case 'BatchAnchor': {
        const batch = this.#pick(['refusal', 'erased', 'deferred'] as const);
        const root = bytesOf(this.#fresh('batch'));
        const count = 1 + this.#below(9);
        const times = { firstMs: timeMs - this.#below(1_000), lastMs: timeMs };
        return {
          from: this.#chance(10) ? 'archive' : 'hospital',
          log: 'doc',
          acts: [{ kind, batch, root, count, ...times }],
        };
      }
      case 'DataAnchor':
      case 'DiagnosisAnchor':
        return this.#anchor(kind, by, timeMs);
    }
  }

  #enrolments(): Enrol[] {
    const acts: Enrol[] = [];
    for (let i = this.#below(2); i >= 0; i--) {
      const isFull = this.#enrolled >= most;
      const name = `golden person ${isFull ? this.#below(most) : this.#enrolled++}`;
      const role = this.#patients.length === 0 ? 'patient' : this.#pick(roles);
      const act = enrolAct(name, role, recoveryKey);
      const identity = { ...act.identity, signature: broken };
      acts.push(this.#patients.length > 0 && this.#chance(30) ? { ...act, identity } : act);
      if (!isFull && role === 'patient') this.#patients.push(name);
    }
    return acts;
  }

  #grantsOf(by: string, timeMs: number): Act[] {
    return Array.from({ length: 1 + this.#below(3) }, (): Act => {
      const name = this.#chance(30) ? this.#grant(by).name : this.#fresh('grant');
      this.#grants.push({ name, by });
      if (this.#grants.length > 100) this.#grants.shift();
      const notBeforeMs = timeMs + this.#pick([0, 0, 0, -day, day]);
      return {
        kind: 'ConsentGrant',
        consent: consentOf(name),
        bodyHash: bytesOf(`${name} body`),
        notBeforeMs,
        notAfterMs:
          notBeforeMs + this.#pick([day, 5 * day, 30 * day, 3_653 * day, 3_653 * day + 1]),
        writeKey: this.#chance(4) ? new Uint8Array(0) : bytesOf(`${name} write`),
      };
    });
  }

  /** Somebody who may act, as a rule: most of the chain is to be accepted. */
  #patient(): string {
    const mayAct = (name: string) =>
      this.world.view.get(accounts, accountOf(name))?.frozen === false;
    return this.#pickMostly(this.#patients, mayAct);
  }

  #grant(by: string): { readonly name: string; readonly by: string } {
    if (this.#grants.length === 0) return { name: 'golden none', by };
    const isLive = ({ name }: { readonly name: string }) =>
      this.world.view.get(consents, consentOf(name))?.revokedHeight === 0;
    return this.#pickMostly(this.#grants, isLive);
  }

  #pickMostly<T>(list: readonly T[], fits: (one: T) => boolean): T {
    let picked = this.#pick(list);
    for (let tries = 0; tries < 3 && !fits(picked); tries++) picked = this.#pick(list);
    return picked;
  }

  #anchor(kind: 'DataAnchor' | 'DiagnosisAnchor', by: string, timeMs: number): Sent {
    const grant = this.#grant(by);
    const isOwners = kind === 'DataAnchor' && this.#chance(2);
    const from = isOwners ? by : grant.by;
    const row = this.world.view.get(accounts, accountOf(from));
    const inForce = row?.schedule.findLast(({ validFromMs }) => validFromMs <= timeMs)?.epoch;
    const shared = {
      epoch: (inForce ?? 1) + (this.#chance(20) ? 1 : 0),
      root: bytesOf(this.#fresh('root')),
      count: 1 + this.#below(20),
    };
    if (isOwners) return { from, acts: [{ kind: 'DataAnchor', consent: '', ...shared }] };
    const consent = consentOf(grant.name);
    const nonce = (this.world.view.get(consents, consent)?.window.top ?? 0) + 1;
    const log = kind === 'DiagnosisAnchor' ? 'doc' : 'user';
    const keys = [bytesOf(`${grant.name} write`)];
    return { from, log, nonce, keys, acts: [{ kind, consent, ...shared }] };
  }
}

/** As a node judges the bytes of a block, with the decreed signatures. */
export const judged = (world: World, txs: readonly Uint8Array[]) =>
  new TxVerifier(decreed).verifyAll(txs, world.genesis.limits.maxTxBytes);
