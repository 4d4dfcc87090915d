import type { SigningKey } from '../../../../crypto/signature.ts';
import { CodedError, isCoded } from '../../../../primitives/errors.ts';
import type { ConsentId } from '../../../../primitives/ids.ts';
import type { Action } from '../../../../sdk/action.ts';
import { writeNamed } from '../../../../sdk/actions/write-shared.ts';
import { heldGrant } from '../../../../sdk/grants/received.ts';
import { dayRecordId, replicasADay, vitalsMediaType } from '../../api/chart-records.ts';
import { basePanel, panelOf } from '../../crypto/panels.ts';
import { type SensorPage, sealReplica } from './replica.ts';

export interface ReplicaToWrite {
  /** Writes class `iot` in the patient's chart. */
  readonly consent: ConsentId;
  readonly sensor: SigningKey;
  /** As the patient signed it. */
  readonly registration: Uint8Array;
  readonly panel: number;
  /** Days since 1970; its pages, all of them. */
  readonly day: number;
  readonly pages: readonly SensorPage[];
  /** 0 to 7, another for each sensor of the panel. */
  readonly number?: number;
}

/**
 * Writes the replica of a day that is over, by a sensor's hub. False: it stands in the chart already. Throws as
 * `writeShared`. Source: docs/protocol/vitals-reading.md, rule VR-20.
 */
export const writeReplica: Action<ReplicaToWrite, boolean> = {
  name: 'vitals/write-replica',
  async run(ctx, { consent, sensor, number = 0, ...of }, options) {
    if (number >= replicasADay) throw new CodedError('REQUEST_INVALID', { at: 'number' });
    const held = heldGrant(ctx, consent);
    if (held.letter.writeSeed.length === 0 || !held.terms.writeClasses.includes('iot')) {
      throw new CodedError('CLASS_NOT_GRANTED', { recordClass: 'iot' });
    }
    const { panel, day, pages } = of;
    const bytes = await sealReplica(sensor, of, pages);
    const { name, number: base } = panelOf(basePanel(panel));
    const note = {
      ...{
        recordId: dayRecordId(held.patient, { day, panel: base, number }),
        recordClass: 'iot' as const,
      },
      ...{ mediaType: vitalsMediaType, name: `Vital signs: ${name}`, bytes },
    };
    try {
      await writeNamed(ctx, consent, [note], options);
      return true;
    } catch (error) {
      if (isCoded(error, 'RECORD_ID_TAKEN')) return false;
      throw error;
    }
  },
};
