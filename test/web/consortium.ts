import { parseAccountId } from '../../src/primitives/ids.ts';
import { t0 } from '../world.ts';

const accountOf = (at: number) => parseAccountId(String(at).repeat(64));
const [anna, bern, cork, elm] = [1, 2, 3, 4].map(accountOf) as [
  ReturnType<typeof accountOf>,
  ReturnType<typeof accountOf>,
  ReturnType<typeof accountOf>,
  ReturnType<typeof accountOf>,
];
const key = (at: number) => Buffer.alloc(32, at).toString('base64url');
const member = (account: typeof anna, name: string, validates: boolean) => ({
  ...{ account, name, url: 'https://hospital.example', rights: ['enrol', 'serve'], validates },
  ...{ frozen: false, counts: true },
});

/**
 * Four hospitals, one of them away: the state of a consortium in which there is something of everything to do. The screen reads it
 * as it reads a gateway's answer, and shows none that is another shape.
 */
export const consortium = {
  ...{ chain: 'salus-four-1', height: 41_207, timeMs: t0, organisation: anna, quorum: 3 },
  members: [
    member(anna, 'Hospital Anna', true),
    member(bern, 'Inselspital Bern', true),
    member(cork, 'Cork University Hospital', true),
    { ...member(elm, 'Elm Street Clinic', false), frozen: true },
  ],
  validators: [anna, bern, cork].map((organisation, at) => ({
    ...{ publicKey: key(at + 1), power: 10, organisation },
  })),
  open: [
    {
      ...{ proposal: 'ab'.repeat(32), by: bern, outcome: 'open', untilMs: t0 + 86_400_000 },
      ...{ yes: [bern], no: [cork] },
      facts: { change: 'member-keys', organisation: elm, signKey: '00'.repeat(32) },
    },
    {
      ...{ proposal: 'cd'.repeat(32), by: cork, outcome: 'lapsed', untilMs: t0 - 86_400_000 },
      ...{ yes: [cork, anna], no: [] },
      facts: { change: 'member-in', organisation: accountOf(5), name: 'Vall d\u2019Hebron' },
    },
  ],
  cases: [{ organisation: cork, publicKey: key(3), height: 40_001, removed: false }],
  machine: {
    node: { height: 41_207, lag: 3, isCatchingUp: false, mempool: { txs: 12, bytes: 9_000 } },
    peers: [
      { account: bern, name: 'bern', isConnected: true },
      { account: cork, name: 'cork', isConnected: false },
      { account: elm, name: 'elm', isConnected: true },
    ],
    voted: [true, true, false],
    replicas: {
      ...{ blobs: 120_345, heldBlobs: 98_020, below: 17 },
      members: [
        { account: bern, isConnected: true, pinned: 80_102, lost: 0, erasuresWaiting: 0 },
        { account: cork, isConnected: false, pinned: 60_777, lost: 4, erasuresWaiting: 2 },
      ],
    },
    duties: [
      { duty: 'vote', proposal: 'ab'.repeat(32) },
      { duty: 'copies', blobs: 17 },
      { duty: 'erasures', member: cork, count: 2 },
      { duty: 'certificate', days: 12 },
    ],
  },
};
