import { type ModelContext, Refused, type TestWing } from '../../../../test/model/wing.ts';
import { accountOf, bytesOf, identityOf } from '../../../../test/world.ts';
import { accountIdOfKey } from '../../../ledger/identity.ts';
import { suite } from '../../../ledger/object-types.ts';
import { foundingLogs } from '../../../ledger/protocol.ts';
import { organisationRights } from '../../../ledger/rights.ts';
import type { LedgerView } from '../../../ledger/table.ts';
import { maxMembers } from '../../../ledger/tables/members.ts';
import { bytesToHex } from '../../../primitives/bytes.ts';
import { accountIdOf } from '../../../primitives/ids.ts';
import { type GovPropose, proposalId } from '../ledger/acts/gov-propose.ts';
import type { GovVote } from '../ledger/acts/gov-vote.ts';
import type { Change } from '../ledger/changes.ts';
import { proposals } from '../ledger/tables/proposals.ts';
import { maxOpen } from '../ledger/tables/proposals-open.ts';

const day = 24 * 60 * 60 * 1_000;
const chainId = 'salus-test-1';
const hex = bytesToHex;
const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);
const memberIn = (by: string, name = by): Change => ({
  kind: 'member-in',
  identity: identityOf(by),
  name,
  url: `https://${name}.example`,
  rights: ['enrol', 'serve', 'batch'],
});
const userActs = foundingLogs.find(({ name }) => name === 'user')?.acts ?? [];

/** Out of one small number, so that proposals and votes meet. */
function changeBy(twist: number): Change {
  const archive = accountOf('archive');
  const named = { name: 'archive', url: 'https://archive.example' };
  const common: readonly Change[] = [
    memberIn('third'),
    { kind: 'member-out', organisation: archive },
    { kind: 'member-change', organisation: archive, ...named, rights: ['serve', 'batch'] },
    { kind: 'member-keys', organisation: archive, identity: identityOf('archive anew') },
  ];
  const drawn: readonly Change[] = [
    ...common,
    ...common,
    { kind: 'profile', log: 'user', acts: userActs, version: 1 },
    { kind: 'validator-in', organisation: archive, publicKey: bytesOf('validator of archive') },
    memberIn('archive'),
    memberIn('doctor'),
  ];
  return drawn[twist] ?? memberIn('third');
}
const numberBy = (small: number): number => (small > 4 ? 2 : 1);
const proposerBy = (small: number): string => (small % 2 === 0 ? 'hospital' : 'archive');

interface Kept {
  readonly by: string;
  readonly change: number;
  readonly untilMs: number;
  readonly votes: readonly { id: string; yes: boolean; generation: number }[];
  readonly outcome: string;
  /** The change as text, for what it says. */
  readonly text: string;
}
type Rows = Map<string, string>;

const changesOf = new Map<string, Change>();
const read = (rows: Rows, id: string): Kept | undefined => {
  const text = rows.get(`proposals/${id}`);
  return text === undefined ? undefined : (JSON.parse(text) as Kept);
};
const keep = (rows: Rows, id: string, kept: Kept) =>
  rows.set(`proposals/${id}`, JSON.stringify(kept));

const membersAt = ({ spine }: ModelContext, height: number): string[] =>
  spine.consortium.members
    .filter((it) => it.from <= height && (it.until === 0 || it.until > height))
    .map(({ id }) => id);
const staying = ({ spine }: ModelContext) =>
  spine.consortium.members.filter(({ until }) => until === 0).map(({ id }) => id);

function mustBeMember(context: ModelContext): void {
  if (!membersAt(context, context.height).includes(context.sender))
    throw new Refused('MEMBER_WRONG');
}

/** GV-8: throws why not, or answers what would be done. */
function made(change: Change, context: ModelContext): () => void {
  const { spine, height, timeMs } = context;
  const { consortium } = spine;
  const { named, members } = consortium;
  const now = membersAt(context, height);
  const at = height + 2;
  const isNamed = (id: string, name: string, url: string) =>
    staying(context).some(
      (it) =>
        it !== id &&
        [name, url].some((word) => {
          const other = named.get(it);
          return other?.name === word || other?.url === word;
        }),
    );
  const rightsOf = (id: string) => named.get(id)?.rights ?? [];
  const isComing = (id: string) => rightsOf(id).some(({ from }) => from > height);
  switch (change.kind) {
    case 'validator-in': {
      const { organisation: id } = change;
      const key = hex(change.publicKey);
      if (consortium.isAlone) throw new Refused('VALIDATORS_ALONE');
      if (!now.includes(id)) throw new Refused('MEMBER_UNKNOWN');
      if (consortium.validators.some((it) => it.key === key)) throw new Refused('VALIDATOR_EXISTS');
      if (consortium.punished.includes(key)) throw new Refused('VALIDATOR_PUNISHED');
      return () => {
        const others = consortium.validators.filter((it) => it.id !== id);
        consortium.validators = [...others, { key, id }];
      };
    }
    case 'validator-out': {
      const key = hex(change.publicKey);
      if (consortium.isAlone) throw new Refused('VALIDATORS_ALONE');
      const left = consortium.validators.filter((it) => it.key !== key);
      if (left.length === consortium.validators.length) throw new Refused('VALIDATOR_UNKNOWN');
      if (left.length < 3) throw new Refused('VALIDATORS_FEW');
      return () => {
        consortium.validators = left;
      };
    }
    case 'member-in': {
      const { identity, name, url, rights } = change;
      const id = accountIdOfKey(identity.suite, identity.signKey);
      if (staying(context).includes(id) || isNamed(id, name, url))
        throw new Refused('MEMBER_EXISTS');
      if (isZero(identity.signKey)) throw new Refused('KEY_WEAK');
      const account = spine.account(id);
      if (account !== undefined && account.role !== 'organisation') {
        throw new Refused('ACCOUNT_EXISTS');
      }
      return () => {
        if (account === undefined) spine.begin(id, identity, height);
        members.push({ id, from: at, until: 0 });
        named.set(id, {
          name,
          url,
          rights: [
            { from: 0, rights: [] },
            { from: at, rights },
          ],
        });
      };
    }
    case 'member-out': {
      const { organisation: id } = change;
      if (!staying(context).includes(id) || !now.includes(id)) throw new Refused('MEMBER_UNKNOWN');
      if (staying(context).length === 1) throw new Refused('MEMBER_LAST');
      if (consortium.validators.some((it) => it.id === id)) throw new Refused('MEMBER_VALIDATES');
      if (isComing(id)) throw new Refused('MEMBER_PENDING');
      return () => {
        const row = members.find((it) => it.id === id && it.until === 0);
        if (row !== undefined) row.until = at;
        named.get(id)?.rights.push({ from: at, rights: [] });
      };
    }
    case 'member-change': {
      const { organisation: id, name, url, rights } = change;
      const before = named.get(id);
      if (before === undefined || !now.includes(id)) throw new Refused('MEMBER_UNKNOWN');
      if (isComing(id)) throw new Refused('MEMBER_PENDING');
      const isSame = before.rights.at(-1)?.rights.join() === rights.join();
      if (isSame && before.name === name && before.url === url)
        throw new Refused('MEMBER_UNCHANGED');
      if (isNamed(id, name, url)) throw new Refused('MEMBER_EXISTS');
      return () => {
        Object.assign(before, { name, url });
        before.rights.push({ from: at, rights });
      };
    }
    case 'profile': {
      const { log, acts, version } = change;
      const said = spine.profiles.filter((it) => it.log === log);
      if (said.some(({ from }) => from > height)) throw new Refused('PROFILE_PENDING');
      const kept = [...spine.takes(log, height), 2, 3, 11, ...(acts.includes(5) ? [6] : [])];
      const isOlder = version < (said.at(-1)?.version ?? 1);
      if (isOlder || kept.some((act) => !acts.includes(act))) throw new Refused('PROFILE_SHRINKS');
      return () => void spine.profiles.push({ log, acts, version, from: at });
    }
    case 'member-keys': {
      const { organisation: id, identity } = change;
      if (spine.account(id) === undefined || !now.includes(id)) throw new Refused('MEMBER_UNKNOWN');
      if (spine.knowsKey(id, identity.signKey)) throw new Refused('KEY_TAKEN');
      return () => spine.rekey(id, identity, { height, timeMs });
    }
  }
}

/** GV-5. */
function count(rows: Rows, id: string, kept: Kept, change: Change, context: ModelContext): void {
  const { spine, height } = context;
  const members = membersAt(context, height);
  const valid = kept.votes.filter(
    (vote) =>
      members.includes(vote.id) &&
      spine.account(vote.id)?.frozen === false &&
      spine.generationOf(vote.id) === vote.generation,
  );
  const yes = valid.filter((vote) => vote.yes).length;
  const needed = Math.floor((2 * members.length) / 3) + 1;
  const isLost = valid.length - yes > members.length - needed;
  const outcome = yes >= needed ? 'accepted' : isLost ? 'rejected' : 'open';
  if (outcome === 'accepted') made(change, context)();
  keep(rows, id, { ...kept, outcome });
}

const openBy = (rows: Rows, by: string, timeMs: number): number =>
  [...rows]
    .filter(([key]) => key.startsWith('proposals/'))
    .map(([, text]) => JSON.parse(text) as Kept)
    .filter((kept) => kept.by === by && kept.outcome === 'open' && kept.untilMs > timeMs).length;

function judgePropose(rows: Rows, act: GovPropose, context: ModelContext): void {
  const { sender, timeMs, spine } = context;
  mustBeMember(context);
  const id = proposalId(act, { chainId: context.chainId, sender: sender as never });
  if (rows.has(`proposals/${id}`)) throw new Refused('PROPOSAL_TAKEN');
  if (openBy(rows, sender, timeMs) >= 8) throw new Refused('PROPOSALS_FULL');
  made(act.change, context);
  if (!context.holds) throw new Refused('IDENTITY_WRONG');
  changesOf.set(id, act.change);
  rows.set(`proposals-open/${sender}`, '');
  const votes = [{ id: sender, yes: true, generation: spine.generationOf(sender) }];
  const kept = { by: sender, change: act.number, untilMs: timeMs + 14 * day, votes };
  count(rows, id, { ...kept, outcome: 'open', text: act.change.kind }, act.change, context);
}

function judgeVote(rows: Rows, act: GovVote, context: ModelContext): void {
  const { sender, timeMs, spine } = context;
  mustBeMember(context);
  const kept = read(rows, act.proposal);
  const change = changesOf.get(act.proposal);
  if (kept === undefined || change === undefined) throw new Refused('PROPOSAL_UNKNOWN');
  if (kept.outcome !== 'open') throw new Refused('PROPOSAL_CLOSED');
  if (timeMs >= kept.untilMs) throw new Refused('PROPOSAL_LAPSED');
  const generation = spine.generationOf(sender);
  const before = kept.votes.find((vote) => vote.id === sender);
  if (before?.generation === generation) throw new Refused('VOTE_TAKEN');
  if (act.yes) made(change, context);
  const others = kept.votes.filter((vote) => vote.id !== sender);
  const votes = [...others, { id: sender, yes: act.yes, generation }];
  count(rows, act.proposal, { ...kept, votes }, change, context);
}

const most = Number.MAX_SAFE_INTEGER;
const full = (length: number): Uint8Array => new Uint8Array(length).fill(255);
const account = accountIdOf(full(32));
const wide = (units: number): string => '漢'.repeat(units);
const identity = {
  ...{ suite, signKey: full(32), kemKey: full(1_216), point: full(32) },
  ...{ recovery: full(32), pointProof: full(64), signature: full(64) },
};
const largestRows = {
  proposals: {
    ...{ proposer: account, number: most, madeHeight: most, untilMs: most, closedHeight: most },
    change: {
      ...{ kind: 'member-in', identity, name: wide(100), url: wide(200) },
      rights: Array.from({ length: 32 }, () => organisationRights[0]),
    },
    votes: Array.from({ length: 2 * maxMembers }, () => ({
      ...{ organisation: account, yes: true, keyGeneration: most },
    })),
    outcome: 'rejected',
  },
  'proposals-open': Array.from({ length: maxOpen }, () => ({
    ...{ proposal: 'ff'.repeat(32), untilMs: most },
  })),
};

/** The wing's acts once more, for the model ledger and the histories. */
export const consortiumTest: TestWing = {
  name: 'consortium',
  tables: ['proposals', 'proposals-open'],
  largestRows,
  vectors: async () => ({ governance: (await import('./vectors.ts')).governance }),
  acts: [
    {
      kind: 'GovPropose',
      number: 70,
      senders: ['organisation'],
      draw: ({ small, twist }): GovPropose => ({
        kind: 'GovPropose',
        number: numberBy(small),
        change: changeBy(twist),
      }),
      judge: (rows, act, context) => judgePropose(rows, act as GovPropose, context),
    },
    {
      kind: 'GovVote',
      number: 71,
      senders: ['organisation'],
      draw: ({ small, twist }): GovVote => ({
        kind: 'GovVote',
        proposal: proposalId(
          { number: numberBy(small), change: changeBy(twist) },
          { chainId, sender: accountOf(proposerBy(small)) },
        ),
        yes: small !== 5,
      }),
      judge: (rows, act, context) => judgeVote(rows, act as GovVote, context),
    },
  ],
  assertSame(rows: ReadonlyMap<string, string>, view: LedgerView) {
    for (const [key, text] of rows) {
      const [table, id = ''] = key.split('/');
      if (table !== 'proposals') continue;
      const kept = JSON.parse(text) as Kept;
      const row = view.get(proposals, id);
      const votes = row?.votes.map((it) => [it.organisation, it.yes, it.keyGeneration]);
      const own = kept.votes.map((vote) => [vote.id, vote.yes, vote.generation]);
      const said = JSON.stringify([row?.outcome, row?.untilMs, row?.proposer, votes]);
      const expected = JSON.stringify([kept.outcome, kept.untilMs, kept.by, own]);
      if (said !== expected) throw new Error(`proposal ${id}: ${said} is not ${expected}`);
    }
  },
};
