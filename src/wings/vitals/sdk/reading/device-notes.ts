import { decodeSigned, encodeSigned } from '../../../../api/signed.ts';
import { type SigningKey, signLabelled, verifyLabelled } from '../../../../crypto/signature.ts';
import { bytesToHex, hexToBytes } from '../../../../primitives/bytes.ts';
import { isCoded } from '../../../../primitives/errors.ts';
import type { ConsentId } from '../../../../primitives/ids.ts';
import type { Action } from '../../../../sdk/action.ts';
import { writeNamed } from '../../../../sdk/actions/write-shared.ts';
import { heldGrant } from '../../../../sdk/grants/received.ts';
import {
  decodeChartRecord,
  deviceRecordId,
  encodeChartRecord,
  notesADay,
  vitalsMediaType,
} from '../../api/chart-records.ts';
import { vitalsNames } from '../../names.ts';
import { heldRegistration } from '../registering.ts';
import { type DeviceFound, devicesFound } from './devices-found.ts';
import type { VitalsPage } from './joined-pages.ts';
import { ownOpener } from './own-vitals.ts';

/** What a device says of itself. */
export interface DeviceNote {
  readonly name: string;
  /** Of its battery, per cent. */
  readonly battery: number;
  readonly timeMs: number;
}

export interface DeviceNoteToWrite extends DeviceNote {
  /** Writes class `iot` in the patient's chart. */
  readonly consent: ConsentId;
  readonly sensor: SigningKey;
}

const dayMs = 86_400_000;
const dayOfMs = (ms: number): number => Math.floor(ms / dayMs);

/**
 * Writes what a device says of itself, by its hub, under the first number of that day that is free. False: all are taken.
 * Throws as `writeNamed`. Source: docs/protocol/vitals-reading.md, rule VR-46.
 */
export const writeDeviceNote: Action<DeviceNoteToWrite, boolean> = {
  name: 'vitals/write-device-note',
  async run(ctx, { consent, sensor, ...note }, options) {
    const { patient } = heldGrant(ctx, consent);
    const bytes = await signedNote(sensor, note);
    for (let number = 0; number < notesADay; number++) {
      const at = { day: dayOfMs(note.timeMs), number };
      const item = {
        ...{ recordId: deviceRecordId(patient, at), recordClass: 'iot' as const },
        ...{ mediaType: vitalsMediaType, name: `Device: ${note.name}`, bytes },
      };
      try {
        await writeNamed(ctx, consent, [item], options);
        return true;
      } catch (error) {
        if (!isCoded(error, 'RECORD_ID_TAKEN')) throw error;
      }
    }
    return false;
  },
};

async function signedNote(sensor: SigningKey, note: DeviceNote): Promise<Uint8Array> {
  const bytes = encodeChartRecord({
    kind: 'device',
    ...{ ...note, sensor: bytesToHex(sensor.publicKey), battery: Math.round(note.battery) },
  });
  const signature = await signLabelled(sensor, vitalsNames.labels.replica, bytes);
  return encodeSigned({ bytes, signature });
}

export interface OwnDevice extends DeviceFound {
  /** The newest that it said of itself, of today or yesterday; undefined: nothing. */
  readonly note: DeviceNote | undefined;
}

/**
 * One's own devices, as these pages of theirs and their notes in one's chart have them. Source: docs/protocol/vitals-reading.md,
 * rules VR-34 and VR-46.
 */
export const ownDevices: Action<readonly VitalsPage[], readonly OwnDevice[]> = {
  name: 'vitals/own-devices',
  async run(ctx, pages, options) {
    const devices = devicesFound(pages, heldRegistration(ctx)?.said.sensors ?? []);
    const keys = devices.map(({ sensor }) => sensor);
    const open = ownOpener(ctx, options);
    const today = dayOfMs(ctx.nowMs());
    const newest = new Map<string, DeviceNote>();
    for (const day of [today - 1, today]) {
      for (let number = 0; number < notesADay; number++) {
        const item = await open(deviceRecordId(ctx.account.account, { day, number }));
        if (item === undefined) break;
        const read = await noteIn(item, keys);
        if (read === undefined || read.note.timeMs < (newest.get(read.sensor)?.timeMs ?? 0))
          continue;
        newest.set(read.sensor, read.note);
      }
    }
    return devices.map((it) => ({ ...it, note: newest.get(it.sensor) }));
  },
};

/** Undefined: it is no note of one of these sensors. Whoever may write the class could have written it. */
async function noteIn(
  item: Uint8Array,
  keys: readonly string[],
): Promise<{ readonly sensor: string; readonly note: DeviceNote } | undefined> {
  try {
    const { bytes, signature } = decodeSigned(item);
    const said = decodeChartRecord(bytes);
    if (said.kind !== 'device' || !keys.includes(said.sensor)) return undefined;
    const key = hexToBytes(said.sensor) ?? new Uint8Array(0);
    const isSigned = await verifyLabelled(key, vitalsNames.labels.replica, bytes, signature);
    const { sensor, name, battery, timeMs } = said;
    return isSigned ? { sensor, note: { name, battery, timeMs } } : undefined;
  } catch (error) {
    if (isCoded(error) && error.kind !== 'unavailable') return undefined;
    throw error;
  }
}
