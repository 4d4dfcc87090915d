import { sha256 } from '../../../src/crypto/hash.ts';
import { labels } from '../../../src/crypto/labels.ts';
import { signLabelled } from '../../../src/crypto/signature.ts';
import { againId } from '../../../src/sdk/records/again-id.ts';
import { encodeCarrier, encodeMove } from '../../../src/sdk/records/carried.ts';
import { openingSecretOfHeader } from '../../../src/sdk/records/item-wrap.ts';
import { classOfWritten, writtenRecordId } from '../../../src/sdk/records/written-id.ts';
import { withFixedRandomness } from './fixed-randomness.ts';
import { sealedItems } from './items.ts';
import { doctor, patient } from './people.ts';
import { type Format, hex, pattern } from './write.ts';

const chainId = 'salus-vectors';
const none = new Uint8Array(0);

/** The receipt is opaque here: receipts.json has those. */
export const carriedItems: Format = {
  about:
    'items.md I-72, I-80 to I-83: carriers of the items of items.json, the first two moved from the chart of the patient to that of the doctor, the others filed anew; the receipt is a pattern',
  async cases() {
    const sealed = await sealedItems();
    const carriers = sealed.map(async ({ index, item, sek, description }) => {
      const [from, to] = [patient.account, index < 2 ? doctor.account : patient.account];
      const move = encodeMove({ chainId, from, to });
      const isMoved = index < 2;
      const key = patient.keys.sign;
      const openingSecret = await openingSecretOfHeader(item.header, { kind: 'segment', sek });
      const receipt = pattern(100 + index, index);
      const moveSignature = isMoved ? await signLabelled(key, labels.recordMove, move) : none;
      const { header, leafContent, salt } = item;
      const carrier = encodeCarrier(
        {
          ...{ account: from, from: 'North Hospital', header, leafContent, salt, openingSecret },
          ...{ receipt, moveKey: isMoved ? key.publicKey : none, moveSignature },
        },
        item.body,
      );
      const { recordId, recordClass } = description;
      const again = againId(patient.root, { recordId, account: to, recordClass });
      return {
        ...{ index, chainId, from, to, name: 'North Hospital', receipt: hex(receipt) },
        ...{
          openingSecret: hex(openingSecret),
          move: hex(move),
          moveSignature: hex(moveSignature),
        },
        ...{ carrierBytes: carrier.length, carrierSha256: hex(sha256(carrier)) },
        ...{ frame: hex(carrier.subarray(0, carrier.length - item.body.length)), again },
      };
    });
    const writing = { author: doctor.account, patient: patient.account };
    const { result: recordId } = await withFixedRandomness('written id', async () =>
      writtenRecordId(doctor.root, writing, 'note'),
    );
    const recordClass = classOfWritten([doctor.root], writing, recordId);
    const written = { ...writing, root: hex(doctor.root), recordId, class: recordClass };
    return [...(await Promise.all(carriers)), { written }];
  },
};
