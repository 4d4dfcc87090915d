import {
  anaKey,
  anchorUnder,
  batchOf,
  diagnosis,
  fromAna,
  fromHospital,
  now,
  revoke,
  table,
  underGrant,
  writeKey,
} from '../../../test/setting.ts';
import { bytesOf, day, minute, type Sent, t0 } from '../../../test/world.ts';
import type { Act } from '../protocol.ts';

const eve = (act: Act): Sent => ({ from: 'eve', acts: [act] });
table('DataAnchor', [
  ['by the owner', fromAna(anchorUnder('')), 'accepted'],
  ['under the epoch that passed', fromAna(anchorUnder('')), 'EPOCH_STALE', t0 + day],
  ['under the epoch in force then', fromAna(anchorUnder('', { epoch: 2 })), 'accepted', t0 + day],
  ['under an epoch to come', fromAna(anchorUnder('', { epoch: 2 })), 'EPOCH_STALE'],
  ['before any keys', eve(anchorUnder('', { epoch: 0 })), 'EPOCH_NONE'],
  ['of nothing', fromAna(anchorUnder('', { count: 0 })), 'ANCHOR_EMPTY'],
  ['naming a consent, by the owner', fromAna(anchorUnder('writing')), 'SENDER_WRONG'],
  ['under a grant', fromAna(anchorUnder('writing'), underGrant), 'accepted'],
  ['by a write key, naming no consent', fromAna(anchorUnder(''), underGrant), 'KEY_NOT_CURRENT'],
  [
    'by a write key, naming a grant without writing',
    fromAna(anchorUnder('reading'), underGrant),
    'CONSENT_CANNOT_WRITE',
  ],
  [
    'by the write key of another grant',
    fromAna(anchorUnder('short'), underGrant),
    'KEY_NOT_CURRENT',
  ],
  [
    'under a grant that is not there',
    fromAna(anchorUnder('nothing'), underGrant),
    'CONSENT_UNKNOWN',
  ],
  [
    "into somebody else's account",
    { ...eve(anchorUnder('writing')), ...underGrant },
    'CONSENT_UNKNOWN',
  ],
  [
    'under two grants at once',
    fromAna(anchorUnder('writing'), {
      ...underGrant,
      acts: [anchorUnder('writing'), anchorUnder('short')],
    }),
    'KEY_NOT_CURRENT',
  ],
  [
    'by a write key, with an act of the owner beside it',
    fromAna(anchorUnder('writing'), {
      ...underGrant,
      acts: [anchorUnder('writing'), revoke('reading')],
    }),
    'KEY_NOT_CURRENT',
  ],
  [
    'by write key and owner together',
    fromAna(anchorUnder('writing'), { ...underGrant, keys: [writeKey, anaKey] }),
    'KEY_NOT_CURRENT',
  ],
  [
    'under a revoked grant',
    fromAna(anchorUnder('revoked'), { keys: [bytesOf('revoked key')], nonce: 1 }),
    'CONSENT_ENDED',
  ],
  [
    'under an expired grant',
    fromAna(anchorUnder('short', { epoch: 2 }), { keys: [bytesOf('short key')], nonce: 1 }),
    'CONSENT_ENDED',
    t0 + day,
  ],
  [
    'under a grant that has not begun',
    fromAna(anchorUnder('later'), { keys: [bytesOf('later key')], nonce: 1 }),
    'CONSENT_NOT_LIVE',
  ],
  [
    'a second time',
    fromAna(anchorUnder('')),
    'ANCHOR_TAKEN',
    undefined,
    (world) => world.mustSend(fromAna(anchorUnder(''))),
  ],
  ['by a clinician', { from: 'doctor', acts: [anchorUnder('')] }, 'ROLE_WRONG'],
  ['on Docchain', fromAna(anchorUnder(''), { log: 'doc' }), 'LOG_WRONG'],
]);

table('DiagnosisAnchor', [
  ['under a grant', fromAna(diagnosis('writing'), { ...underGrant, log: 'doc' }), 'accepted'],
  ['by the owner', fromAna(diagnosis('writing'), { log: 'doc' }), 'SENDER_WRONG'],
  [
    'under a revoked grant',
    fromAna(diagnosis('revoked'), { keys: [bytesOf('revoked key')], nonce: 1, log: 'doc' }),
    'CONSENT_ENDED',
  ],
  ['on Userchain', fromAna(diagnosis('writing'), underGrant), 'LOG_WRONG'],
]);

const onDoc = { log: 'doc' } as const;
table('BatchAnchor', [
  ['of refusals', fromHospital(batchOf(), onDoc), 'accepted'],
  ['of tombstones', fromHospital(batchOf({ batch: 'erased' }), onDoc), 'accepted'],
  ['empty', fromHospital(batchOf({ count: 0 }), onDoc), 'BATCH_TIMES'],
  ['turned round', fromHospital(batchOf({ lastMs: t0 - 1 }), onDoc), 'BATCH_TIMES'],
  ['a minute ahead', fromHospital(batchOf({ lastMs: now + minute }), onDoc), 'accepted', now],
  ['of the future', fromHospital(batchOf({ lastMs: now + minute + 1 }), onDoc), 'BATCH_TIMES', now],
  ['by the archive', { from: 'archive', acts: [batchOf()], ...onDoc }, 'SENDER_WRONG'],
  ['on Userchain', fromHospital(batchOf()), 'LOG_WRONG'],
  [
    'a second time',
    fromHospital(batchOf(), onDoc),
    'ANCHOR_TAKEN',
    undefined,
    (world) => world.mustSend(fromHospital(batchOf(), onDoc)),
  ],
]);
