import { decodeSigned, encodeSigned } from '../../../../api/signed.ts';
import { type SigningKey, signLabelled, verifyLabelled } from '../../../../crypto/signature.ts';
import { bytesToHex, hexToBytes } from '../../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../../primitives/errors.ts';
import {
  type ChartRecord,
  dayOf,
  decodeChartRecord,
  encodeChartRecord,
  type VitalsDay,
} from '../../api/chart-records.ts';
import { bytesToCodes, codesToBytes } from '../../crypto/pages/clinical-lane.ts';
import { basePanel, panelOf } from '../../crypto/panels.ts';
import { vitalsNames } from '../../names.ts';
import { rowsOf, type VitalsPage } from './joined-pages.ts';
import { type AskedFor, provenRegistration, type ShownLedger } from './shown-pages.ts';

/** A page as its sensor knows it. */
export interface SensorPage {
  readonly panel: number;
  readonly sequence: number;
  readonly startHour: number;
  readonly n: number;
  /** n x k clinical codes. */
  readonly clinical: Uint16Array;
}

/**
 * The bytes of one day's replica: one sensor, one panel. `registration` as the patient signed it. Throws REQUEST_INVALID for
 * pages of another day or panel. Source: docs/protocol/vitals-reading.md, rule VR-20.
 */
export async function sealReplica(
  sensor: SigningKey,
  of: { readonly registration: Uint8Array; readonly panel: number; readonly day: number },
  pages: readonly SensorPage[],
): Promise<Uint8Array> {
  const isOfDay = pages.every(
    ({ startHour, panel }) => dayOf(startHour) === of.day && panel === of.panel,
  );
  if (!isOfDay) throw new CodedError('REQUEST_INVALID', { at: 'pages' });
  const bytes = encodeChartRecord({
    kind: 'day',
    ...{ registration: of.registration, sensor: bytesToHex(sensor.publicKey) },
    ...{ panel: of.panel, day: of.day },
    pages: pages.map(({ sequence, startHour, n, clinical }) => ({
      ...{ sequence, startHour, n, clinical: codesToBytes(clinical) },
    })),
  });
  const signature = await signLabelled(sensor, vitalsNames.labels.replica, bytes);
  return encodeSigned({ bytes, signature });
}

/**
 * The pages of a replica in the asked hours: by a sensor that the patient registered, and as it signed them. Undefined
 * where anything of it does not hold: whoever may write the class could have written it.
 * Source: docs/protocol/vitals-reading.md, rule VR-21.
 */
export async function openReplica(
  replica: Uint8Array,
  asked: AskedFor,
  ledger: Pick<ShownLedger, 'keys'>,
): Promise<readonly VitalsPage[] | undefined> {
  try {
    const { bytes, signature } = decodeSigned(replica);
    const said = decodeChartRecord(bytes);
    if (said.kind !== 'day' || basePanel(said.panel) !== asked.panel) return undefined;
    const registered = await provenRegistration(said.registration, asked, ledger);
    const key = hexToBytes(said.sensor) ?? new Uint8Array(0);
    const isListed = registered.sensors.some(
      (it) => bytesToHex(it.key) === said.sensor && it.panels.includes(said.panel),
    );
    const isSigned =
      isListed && (await verifyLabelled(key, vitalsNames.labels.replica, bytes, signature));
    return isSigned ? pagesOf(said, asked) : undefined;
  } catch (error) {
    if (isCoded(error) && error.kind !== 'unavailable') return undefined;
    throw error;
  }
}

function pagesOf(said: VitalsDay, asked: AskedFor): readonly VitalsPage[] {
  const k = panelOf(said.panel).vitals.length;
  return said.pages
    .filter(
      ({ startHour, n, clinical }) =>
        dayOf(startHour) === said.day &&
        asked.firstHour <= startHour &&
        startHour <= asked.lastHour &&
        clinical.length === 2 * n * k,
    )
    .map(({ sequence, startHour, n, clinical }) => ({
      ...{ panel: asked.panel, startHour, sequence, sensor: said.sensor, from: 'replica' },
      rows: rowsOf(said.panel, n, bytesToCodes(clinical)),
    }));
}

/** The servers' record. Undefined: these bytes are none. */
export function serversIn(
  bytes: Uint8Array,
): Extract<ChartRecord, { readonly kind: 'servers' }> | undefined {
  try {
    const said = decodeChartRecord(bytes);
    return said.kind === 'servers' ? said : undefined;
  } catch (error) {
    if (isCoded(error)) return undefined;
    throw error;
  }
}
