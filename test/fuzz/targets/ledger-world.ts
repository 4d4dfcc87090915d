import { encodeTx } from '../../../src/ledger/codec.ts';
import { type Act, foundingLogs, moduleOf } from '../../../src/ledger/protocol.ts';
import type { Cbor } from '../../../src/primitives/cbor.ts';
import { idBytes } from '../../../src/primitives/ids.ts';
import { wings } from '../../model/wings.ts';
import {
  anchorUnder,
  batchOf,
  diagnosis,
  freeze,
  fromAna,
  fromHospital,
  grantOf,
  looksAt,
  newWriteKey,
  recovers,
  recoveryChange,
  recoveryKey,
  recoveryStop,
  revoke,
  rotate,
  setting,
  underGrant,
} from '../../setting.ts';
import {
  accountOf,
  bytesOf,
  consentOf,
  day,
  enrolAct,
  identityOf,
  keySetAct,
  type Sent,
  someBlob,
  t0,
  type World,
} from '../../world.ts';

/** A ledger with something in every table. */
export function busyWorld(): World {
  const world = setting(foundingLogs);
  world.mustSend(fromAna(anchorUnder('')));
  world.mustSend(fromAna(anchorUnder('writing', { root: bytesOf('r2') }), underGrant));
  const diagnosed = { ...diagnosis('writing'), root: bytesOf('r3') };
  world.mustSend(fromAna(diagnosed, { log: 'doc', keys: underGrant.keys, nonce: 2 }));
  world.mustSend(fromHospital(looksAt('reading', 'revoked')));
  world.mustSend(fromHospital(batchOf(), { log: 'doc' }));
  world.mustSend(fromAna(recoveryChange()));
  freeze('eve')(world);
  return world;
}

/** One of every act, fit for the ledger that `setting` gives. */
export const sentActs: readonly Sent[] = [
  { from: 'hospital', acts: [enrolAct('new', 'patient', recoveryKey)] },
  { from: 'hospital', acts: [enrolAct('lab', 'lab'), enrolAct('device', 'device')] },
  { from: 'ana', acts: [rotate('ana 2')] },
  recovers('ana 2', 1, { endGrantsFrom: 2 }),
  { from: 'ana', acts: [rotate('ana 2'), keySetAct(3)] },
  fromAna(recoveryChange()),
  fromAna(recoveryStop()),
  fromAna(newWriteKey('writing')),
  fromHospital({ kind: 'RevokeKey', account: accountOf('eve') }),
  fromAna({ kind: 'RevokeKey', account: accountOf('ana') }),
  fromAna(keySetAct(3, [0, t0 + 5 * day])),
  { from: 'ana', acts: [grantOf('another', { writeKey: bytesOf('w') }), keySetAct(3, [0])] },
  { from: 'ana', acts: [revoke('reading'), keySetAct(3, [t0 + day])] },
  fromAna(anchorUnder('')),
  fromAna(anchorUnder('writing'), underGrant),
  fromAna(diagnosis('writing'), { log: 'doc', ...underGrant }),
  fromHospital(looksAt('reading', 'revoked', 'reading', 'none')),
  fromHospital(batchOf(), { log: 'doc' }),
  fromHospital(batchOf({ batch: 'erased', root: bytesOf('other') }), { log: 'doc' }),
  ...drawnByWings(),
];

/** Of each act that a wing brings, some. */
function drawnByWings(): Sent[] {
  return wings.flatMap(({ acts }) =>
    acts.flatMap(({ senders, draw }) =>
      [0, 1, 2, 3].map((twist) => {
        // The wings' own tests hold that what they draw are acts.
        const act = draw({ small: 0, twist }) as Act;
        const from = senders.includes('organisation') ? 'hospital' : 'ana';
        return { from, acts: [act], log: moduleOf(act).log };
      }),
    ),
  );
}

export function knownTxs(): Uint8Array[] {
  const world = setting();
  return sentActs.map((sent) => encodeTx(world.tx(sent)));
}

/** Ids, keys and times that the ledger of `setting` knows. */
export function idWords(): readonly Cbor[] {
  const names = ['ana', 'eve', 'doctor', 'hospital', 'archive'];
  const consents = ['reading', 'writing', 'later', 'short', 'revoked'];
  return [
    ...names.map((name) => idBytes(accountOf(name))),
    ...names.map((name) => identityOf(name).signKey),
    ...consents.map((name) => idBytes(consentOf(name))),
    ...['write key', 'later key', 'ana recovery', 'short key'].map(bytesOf),
    ...[t0, t0 + day, t0 + 2 * day, t0 + 30 * day, t0 + 10 * 365 * day, 16, 17, 256, 1_024, 1_025],
    ...['user', 'doc', 'patient', 'clinician', 'organisation', 'device', 'refusal', 'erased'],
    someBlob,
    ...[1, 2, 3, 4, 10, 11, 20, 21, 30, 31, 70],
  ];
}
