import assert from 'node:assert/strict';
import fc from 'fast-check';
import { charterAt } from '../../src/ledger/charter.ts';
import { encodeTx, txIdOfBytes } from '../../src/ledger/codec.ts';
import type { Identity } from '../../src/ledger/identity.ts';
import { membersAt } from '../../src/ledger/members.ts';
import { suite } from '../../src/ledger/object-types.ts';
import { type Act, foundingLogs, moduleOf } from '../../src/ledger/protocol.ts';
import { recoveryHash, recoveryOf } from '../../src/ledger/recovery.ts';
import { refusalOf } from '../../src/ledger/refusals.ts';
import type { Role } from '../../src/ledger/roles.ts';
import type { LogName } from '../../src/ledger/shapes.ts';
import { accounts } from '../../src/ledger/tables/accounts.ts';
import { anchors } from '../../src/ledger/tables/anchors.ts';
import { consents } from '../../src/ledger/tables/consents.ts';
import { keys } from '../../src/ledger/tables/keys.ts';
import {
  organisations as organisationRows,
  rightsAt,
} from '../../src/ledger/tables/organisations.ts';
import { recoveries } from '../../src/ledger/tables/recoveries.ts';
import type { Tx } from '../../src/ledger/tx.ts';
import { decodeCbor } from '../../src/primitives/cbor.ts';
import {
  accountOf,
  bytesOf,
  codeKemHash,
  consentOf,
  day,
  enrolAct,
  identityOf,
  someBlob,
  World,
} from '../world.ts';
import { codeHash, hex, ModelLedger, newest } from './model-ledger.ts';
import { wings } from './wings.ts';

const people = ['hospital', 'archive', 'ana', 'eve', 'doctor', 'bob'] as const;
/** Those whom wings need besides. */
const ofWings: Readonly<Record<string, Role>> = Object.assign(
  {},
  ...wings.map((wing) => wing.people),
);
const everybody: readonly string[] = [...people, ...Object.keys(ofWings)];
const roleOf: Readonly<Record<string, Role>> = {
  ...{ ana: 'patient', eve: 'patient', doctor: 'nurse' },
  ...ofWings,
};
const grants = ['g0', 'g1', 'g2', 'g3', 'g4', 'g5', 'g6', 'g7'] as const;
const recoveryKey = bytesOf('recovery');
/** Printed codes that RecoveryChange brings. */
const codes = ['one', 'two'].map((name) => bytesOf(`code ${name}`));
const writeKeyOf = (grant: string) => bytesOf(`write ${grant}`);

const actsOfWings = wings.flatMap(({ acts }) => acts);

/** What a step means is worked out when its turn comes, so that most steps are valid or nearly so. */
const acts = fc.record({
  kind: fc.constantFrom(
    'Enrol',
    'RotateKey',
    'RotateKey',
    'RotateKey',
    'RevokeKey',
    'KeySet',
    'KeySet',
    'RecoveryChange',
    'RecoveryStop',
    'ConsentGrant',
    'ConsentGrant',
    'ConsentRevoke',
    'WriteKey',
    'DataAnchor',
    'DataAnchor',
    'DiagnosisAnchor',
    'AccessLog',
    'BatchAnchor',
    'LogProfile',
    ...actsOfWings.map(({ kind }) => kind),
  ),
  person: fc.constantFrom(...everybody),
  grant: fc.constantFrom(...grants),
  small: fc.nat(6),
  twist: fc.nat(11),
});
/** `usual` in all but one of `others.length + 1` of `weight` cases. */
const mostly = <T>(usual: T, weight: number, ...others: readonly T[]): fc.Arbitrary<T> =>
  fc.nat(weight * others.length - 1).map((n) => others[n] ?? usual);

const txs = fc.record({
  from: fc.constantFrom(...everybody),
  isRightSender: fc.nat(9).map((n) => n > 0),
  acts: fc.array(acts, { minLength: 1, maxLength: 3 }),
  isOneKind: fc.nat(3).map((n) => n > 0),
  key: fc.integer({ min: 0, max: 24 }).map((n) => Math.min(n, 11)),
  nonce: mostly(1, 6, 2, 5, 0, -1, -3, -300, 64, 65, 300, 1_024, 1_025),
  validity: mostly(day, 15, 0, day + 1, -1),
  log: mostly<'right' | LogName>('right', 15, 'user', 'doc'),
  isSigned: fc.nat(19).map((n) => n > 0),
  identityHolds: fc.nat(9).map((n) => n > 0),
  chain: fc.nat(49),
});
/** Blocks one after the other: what the ledger and its model are compared on. */
export const histories = fc.array(
  fc.record({
    passedMs: fc.constantFrom(1, 1, 1_000, 60_000, day / 2, day, 3 * day),
    txs: fc.array(txs, { maxLength: 6, size: 'max' }),
  }),
  { minLength: 1, maxLength: 30, size: 'max' },
);
export type History = typeof histories extends fc.Arbitrary<infer Steps> ? Steps : never;
type ActStep = typeof acts extends fc.Arbitrary<infer Step> ? Step : never;
type TxStep = typeof txs extends fc.Arbitrary<infer Step> ? Step : never;

function actOf(step: ActStep, from: string, model: ModelLedger, timeMs: number): Act {
  const { grant, small, twist, person } = step;
  const account = model.state.accounts.get(accountOf(from));
  const consent = consentOf(grant);
  const root = bytesOf(`root ${small} ${twist}`);
  const epoch =
    twist === 0 || account === undefined ? small : (model.inForce(account, timeMs) ?? small);
  switch (step.kind) {
    case 'Enrol': {
      const act = enrolAct(person, roleOf[person] ?? 'patient', recoveryKey);
      if (twist === 0) return { ...act, role: 'organisation' };
      if (twist > 1) return act;
      return { ...act, identity: { ...act.identity, signKey: new Uint8Array(32) } };
    }
    case 'RotateKey': {
      const name = small === 0 ? from : `${from} ${small} ${twist}`;
      const inUse = account === undefined ? '' : model.codeOf(account, timeMs);
      const known = [recoveryKey, ...codes].find((key) => codeHash(key, codeKemHash) === inUse);
      const shown = twist < 7 ? new Uint8Array(0) : twist === 7 ? recoveryKey : known;
      const isShown = shown !== undefined && shown.length > 0;
      // Mostly the code in use goes on; by the code itself another may come.
      const next = twist === 0 || twist === 8 ? codes[small % 2] : (known ?? recoveryKey);
      return {
        kind: 'RotateKey',
        identity: identityOf(name, next),
        recoveryKey: shown ?? recoveryKey,
        codeKemHash: isShown && small !== 6 ? codeKemHash : new Uint8Array(0),
        endGrantsFrom: twist > 9 ? Math.max(0, model.height - small) : twist === 4 ? small : 0,
      };
    }
    case 'RecoveryChange': {
      const code = codes[small % 2] ?? recoveryKey;
      return { kind: 'RecoveryChange', recovery: recoveryHash(code, codeKemHash) };
    }
    case 'RecoveryStop': {
      const waits = account?.pending?.recovery;
      const recovery = waits === undefined || twist === 0 ? root : Buffer.from(waits, 'hex');
      return {
        kind: 'RecoveryStop',
        recovery,
        codeKemHash: twist % 3 === 1 ? codeKemHash : new Uint8Array(0),
      };
    }
    case 'RevokeKey': {
      const name = twist < 3 ? from : person;
      // A frozen hospital ends most of what a history can show, so it is rare.
      const target = name === 'hospital' && twist !== 11 ? 'eve' : name;
      return { kind: 'RevokeKey', account: accountOf(target) };
    }
    case 'KeySet': {
      const after = twist === 0 ? small : (account?.highest ?? 0);
      const times = [0, timeMs + small, timeMs + day, timeMs + 2 * day, timeMs + 2 * day];
      const picked = times.slice(twist % 2, 1 + (twist % 2) + (small % 5));
      const schedule = picked.map((validFromMs, i) => ({
        epoch: after + 1 + (twist === 1 ? 2 * i : i),
        validFromMs,
      }));
      const salt = bytesOf('salt').slice(0, 16);
      const blobs = { keySetBlob: someBlob, envelopeSetBlob: someBlob };
      return { kind: 'KeySet', after, salt, schedule, ...blobs };
    }
    case 'ConsentGrant': {
      const notBeforeMs = timeMs + ([0, -day, day, 1_000][twist % 4] ?? 0);
      const lasts = [1, 60_000, day, 5 * day, 4_000 * day, 0, 30 * day][small] ?? day;
      const none = new Uint8Array(0);
      const writeKey = twist < 8 ? writeKeyOf(grant) : twist === 8 ? new Uint8Array(32) : none;
      const notAfterMs = notBeforeMs + lasts;
      const bodyHash = bytesOf('body');
      return { kind: 'ConsentGrant', consent, bodyHash, notBeforeMs, notAfterMs, writeKey };
    }
    case 'ConsentRevoke':
      return { kind: 'ConsentRevoke', consent };
    case 'WriteKey': {
      const writeKey = twist === 0 ? new Uint8Array(32) : writeKeyOf(`${grant} ${twist % 2}`);
      return { kind: 'WriteKey', consent, writeKey };
    }
    case 'DataAnchor':
      return {
        kind: 'DataAnchor',
        consent: twist < 5 ? '' : consent,
        epoch,
        root,
        count: twist === 3 ? 0 : 4,
      };
    case 'DiagnosisAnchor':
      return { kind: 'DiagnosisAnchor', consent, epoch, root, count: 1 };
    case 'AccessLog': {
      const count = twist === 0 ? 0 : twist === 1 ? 501 : 1 + small;
      const entries = Array.from({ length: count }, (_, i) => ({
        consent: consentOf(i === 3 ? 'unknown' : (grants[(small + i - (i % 2)) % 8] ?? grant)),
        entryHash: bytesOf(`entry ${i}`),
      }));
      return { kind: 'AccessLog', entries };
    }
    case 'BatchAnchor': {
      const lastMs = timeMs + ([0, 60_000, 60_001][twist % 3] ?? 0);
      const count = small === 0 ? 0 : 5;
      return { kind: 'BatchAnchor', batch: 'erased', root, count, firstMs: timeMs - small, lastMs };
    }
    case 'LogProfile': {
      const profile = twist % 4 === 0 ? 'doc' : 'user';
      const acts = model.takes(profile, model.height + 1);
      // The ledger and its model know no act above 72; what both do with one is the same: nothing is drawn.
      const ofWings = actsOfWings.map(({ number }) => number);
      const more = [...new Set([...acts, 72, ...ofWings, ...(small === 1 ? [3, 2] : [])])];
      const organisation = accountOf(twist === 5 ? 'archive' : 'hospital');
      const held = model.state.accounts.get(organisation);
      const signKey = held === undefined ? writeKeyOf(grant) : newest(held).signKey;
      return {
        kind: 'LogProfile',
        profile,
        acts: small === 0 ? more.slice(1) : small === 1 ? more : more.sort((a, b) => a - b),
        version: small === 2 ? 0 : 1,
        fromHeight: model.height + ([1, 2, 3, 4, 0, 100_000, 100_002][small] ?? 1) + 1,
        approvals: twist === 6 ? [] : [{ organisation, signKey, signature: new Uint8Array(64) }],
      };
    }
    default: {
      const ofWing = actsOfWings.find(({ kind }) => kind === step.kind);
      if (ofWing === undefined) throw new Error(`nobody draws ${step.kind}`);
      // The wing's own test holds that what it draws is an act.
      return ofWing.draw(step) as Act;
    }
  }
}

/** Keys that sign: mostly the right one; write keys and recovery keys where they could be meant. */
function keysOf(step: TxStep, listed: readonly Act[], model: ModelLedger): Uint8Array[] {
  const account = model.state.accounts.get(accountOf(step.from));
  const current = account === undefined ? identityOf(step.from).signKey : newest(account).signKey;
  const underGrant = listed.find((act) => 'epoch' in act && act.consent !== '');
  const grant = grants.find(
    (name) =>
      underGrant !== undefined && 'epoch' in underGrant && consentOf(name) === underGrant.consent,
  );
  if (grant !== undefined && step.key > 1) {
    const held = model.state.consents.get(consentOf(grant))?.writeKey ?? '';
    return [held === '' || step.key === 2 ? writeKeyOf(grant) : Buffer.from(held, 'hex')];
  }
  const rotation = listed.find((act) => act.kind === 'RotateKey');
  if (rotation?.kind === 'RotateKey' && rotation.recoveryKey.length > 0) {
    if (step.key === 2) return [current, recoveryKey];
    if (step.key > 3) return [rotation.recoveryKey];
  }
  if (listed.some(({ kind }) => kind === 'RecoveryStop') && step.key > 3) {
    const others = [recoveryKey, ...codes, ...(account?.identities ?? []).map(signKeyOf)];
    return [others[(step.key + (listed.length % 3)) % others.length] ?? current];
  }
  if (step.key === 0) return [bytesOf('wrong key')];
  if (step.key === 1) return [current, current];
  return [current];
}

const signKeyOf = ({ identity }: { readonly identity: Identity }) => identity.signKey;

/** Somebody whose role may send the first act, unless the step wants it otherwise. */
function senderOf({ from, isRightSender, acts: [first] }: TxStep): TxStep['from'] {
  if (!isRightSender || first === undefined) return from;
  const isOrganisations = ['Enrol', 'AccessLog', 'BatchAnchor', 'LogProfile'].includes(first.kind);
  const free = ['RotateKey', 'RevokeKey', 'RecoveryChange', 'RecoveryStop'];
  const isFree = free.includes(first.kind);
  if (isOrganisations) return 'hospital';
  const ofWing = actsOfWings.find(({ kind }) => kind === first.kind)?.senders ?? [];
  if (ofWing.includes('organisation')) {
    return from === 'archive' || from === 'eve' ? 'archive' : 'hospital';
  }
  const able = Object.keys(ofWings).find((name) => ofWing.includes(roleOf[name] ?? 'patient'));
  return isFree || from === 'eve' ? from : (able ?? 'ana');
}

function txOf(drawn: TxStep, model: ModelLedger, timeMs: number): Tx {
  const step = { ...drawn, from: senderOf(drawn) };
  const steps = step.isOneKind ? step.acts.slice(0, 1) : step.acts;
  const listed = steps.map((act) => actOf(act, step.from, model, timeMs));
  const signers = keysOf(step, listed, model);
  const used = usedBy(step.from, listed, signers, model);
  const inDoc = listed.some((act) => moduleOf(act).log === 'doc');
  return {
    body: {
      suite,
      chainId: step.chain === 0 ? 'other' : 'salus-test-1',
      log: step.log === 'right' ? (inDoc ? 'doc' : 'user') : step.log,
      sender: accountOf(step.from),
      nonce: Math.max(0, Math.max(0, ...used) + step.nonce),
      validUntilMs: timeMs + step.validity,
      acts: listed,
    },
    signatures: signers.map((publicKey) => ({ publicKey, signature: new Uint8Array(64) })),
  };
}

function usedBy(
  from: string,
  listed: readonly Act[],
  keys: readonly Uint8Array[],
  model: ModelLedger,
) {
  const [only] = listed;
  const isLone = listed.length === 1 && only?.kind === 'RotateKey';
  if (isLone && keys[0] !== undefined && hex(keys[0]) === hex(only.recoveryKey)) {
    return new Set([model.state.accounts.get(accountOf(from))?.counter ?? 0]);
  }
  for (const act of listed) {
    const consent = 'epoch' in act ? model.state.consents.get(act.consent) : undefined;
    if (consent !== undefined && keys[0] !== undefined && hex(keys[0]) === consent.writeKey) {
      return consent.usedNonces;
    }
  }
  return model.state.accounts.get(accountOf(from))?.usedNonces ?? new Set<number>();
}

function assertSameState(world: World, model: ModelLedger): void {
  const { state } = model;
  for (const [id, expected] of state.accounts) {
    const account = world.view.get(accounts, id);
    const directory = world.view.get(keys, id);
    assert.ok(account !== undefined && directory !== undefined);
    const { role, organisation, frozen, highestEpoch, signKey, window, recoveryCounter } = account;
    assert.deepEqual(
      {
        ...{ role, organisation, frozen, highestEpoch, key: hex(signKey), top: window.top },
        ...{ counter: recoveryCounter, generation: account.keyGeneration },
      },
      {
        role: expected.role,
        organisation: expected.organisation,
        frozen: expected.frozen,
        highestEpoch: expected.highest,
        key: hex(newest(expected).signKey),
        top: Math.max(0, ...expected.usedNonces),
        counter: expected.counter,
        generation: expected.identities.length - 1,
      },
    );
    for (const timeMs of [world.timeMs, world.timeMs + 7 * day]) {
      assert.equal(hex(recoveryOf(directory, timeMs)), model.codeOf(expected, timeMs));
    }
    assert.deepEqual(
      directory.identities.map(({ identity, fromHeight, untilHeight }) => [
        hex(identity.signKey),
        fromHeight,
        untilHeight,
      ]),
      expected.identities
        .slice(-16)
        .map(({ identity, from, until }) => [hex(identity.signKey), from, until]),
    );
    assert.ok(account.schedule.length <= 17);
    for (const timeMs of [world.timeMs, world.timeMs + day, world.timeMs + 9 * day]) {
      const running: number | undefined = account.schedule.findLast(
        ({ validFromMs }) => validFromMs <= timeMs,
      )?.epoch;
      assert.equal(running, model.inForce(expected, timeMs));
    }
  }
  for (const [id, expected] of state.consents) {
    const row = world.view.get(consents, id);
    assert.ok(row !== undefined);
    const { account, notBeforeMs, notAfterMs, revokedHeight, looks } = row;
    const { grantedHeight, writeKeyGeneration } = row;
    const mine = {
      ...{ account, notBeforeMs, notAfterMs, grantedHeight, revokedHeight },
      ...{ writeKeyGeneration, looks },
    };
    const { usedNonces, chain, writeKey, ...rest } = expected;
    assert.deepEqual(mine, rest);
    assert.deepEqual([hex(row.lookChain), hex(row.writeKey)], [chain, writeKey]);
    assert.equal(row.window.top, Math.max(0, ...usedNonces));
  }
  const countOf = (table: string) =>
    [...world.store.rows.keys()].filter((key) => key.startsWith(hex(Buffer.from(`${table}/`))))
      .length;
  assert.equal(countOf('accounts'), state.accounts.size);
  assert.equal(countOf('consents'), state.consents.size);
  assert.equal(countOf('anchors'), state.anchors.size);
  assert.equal(countOf('batches'), state.batches.size);
  assert.equal(countOf('recoveries'), state.recoveries.size);
  for (const [code, account] of state.recoveries) {
    assert.equal(world.view.get(recoveries, code)?.account, account);
  }
  assertSameMembers(world, model);
  for (const wing of wings) wing.assertSame?.(state.ofWings, world.view);
  for (const table of wings.flatMap(({ tables }) => tables)) {
    const rows = [...state.ofWings.keys()].filter((key) => key.startsWith(`${table}/`));
    assert.equal(countOf(table), rows.length);
  }
  assert.equal(world.store.logHead('user').size, state.accepted.user);
  assert.equal(world.store.logHead('doc').size, state.accepted.doc);
}

/** Now, and at the heights at which what is decided comes into force. */
function assertSameMembers(world: World, model: ModelLedger): void {
  for (const height of [1, 2, 3].map((ahead) => world.height + ahead)) {
    const charter = charterAt(world.view, world.genesis, height);
    const { named } = model.state.consortium;
    assert.deepEqual(
      [...membersAt(world.view, charter, height)].sort(),
      [...named.keys()].filter((id) => model.isMember(id, height)).sort(),
    );
    for (const [id, { name, url }] of named) {
      const row = world.view.get(organisationRows, id);
      assert.ok(row !== undefined);
      assert.deepEqual(
        [row.name, row.url, rightsAt(row, height)],
        [name, url, model.rightsOf(id, height)],
      );
    }
  }
}

const rights = new Map([[accountOf('hospital') as string, ['enrol', 'serve', 'batch']]]);
const takenBy = (log: LogName) => foundingLogs.find(({ name }) => name === log)?.acts ?? [];
const logs = { user: takenBy('user'), doc: takenBy('doc') };
const organisations = ['hospital', 'archive'].map(
  (name) => [accountOf(name), identityOf(name), name] as const,
);

/**
 * Plays a history in the ledger and in the model; throws where a code, an answer or the state differs.
 * `onCompared` hears the code of every transaction, in their order.
 */
export function compare(history: History, onCompared: (code: string) => void): void {
  const world = new World(foundingLogs);
  const model = new ModelLedger({ rights, chainId: 'salus-test-1', logs }, organisations);
  for (const block of [{ passedMs: 1, txs: enrolEverybody() }, ...history]) {
    const timeMs = world.timeMs + block.passedMs;
    const expected: { code: string; data: unknown }[] = [];
    const verified = block.txs.map((step) => {
      const tx = txOf(step, model, timeMs);
      const { isSigned, identityHolds } = step;
      expected.push(model.run({ tx, isSigned, identityHolds }, world.height + 1, timeMs));
      const proven = new Set(identityHolds ? tx.body.acts.keys() : []);
      return { txId: txIdOfBytes(encodeTx(tx)), tx, verdict: { isSigned, proven } };
    });
    const before = world.appHash;
    const results = world.block(verified, timeMs).map(({ code, data }) => ({
      code: code === 0 ? 'accepted' : (refusalOf(code)?.code ?? `number ${code}`),
      data: decodeCbor(data),
    }));
    assert.equal(results.length, expected.length);
    for (const [index, result] of results.entries()) {
      assert.deepEqual(result, expected[index]);
      onCompared(result.code);
    }
    if (results.length === 0) assert.deepEqual(world.appHash, before);
    assertSameState(world, model);
  }
  for (const id of model.state.anchors.keys()) assert.ok(world.view.get(anchors, id));
}

function enrolEverybody(): TxStep[] {
  const act = { kind: 'Enrol', grant: 'g0', small: 1, twist: 5 } as const;
  const rest = {
    isRightSender: true,
    isOneKind: false,
    key: 9,
    nonce: 1,
    validity: day,
    log: 'right',
    isSigned: true,
    identityHolds: true,
    chain: 1,
  } as const;
  const named = ['ana', 'eve', 'doctor', ...Object.keys(ofWings)];
  const enrolled = named.map((person) => ({ ...act, person }));
  const keys = { ...act, kind: 'KeySet', person: 'ana', small: 3, twist: 4 } as const;
  return [
    { ...rest, from: 'hospital', acts: enrolled },
    { ...rest, from: 'ana', acts: [keys] },
  ];
}
