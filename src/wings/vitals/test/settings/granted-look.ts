import type { GrantBody } from '../../../../api/grant-body.ts';
import type { Consent } from '../../../../ledger/tables/consents.ts';
import { accountIdOf, consentIdOf, type RecordId } from '../../../../primitives/ids.ts';
import { maxLookAgeMs } from '../../api/sensor-read.ts';
import type { ShownLook } from '../../node/reading/reading-decision.ts';
import type { Looked } from '../../node/reading/shown-look.ts';
import { drawn } from './pages.ts';

/** What a data server decides from, where a doctor looked a second ago under a grant that lives: tests break it in one place. */

const account = (name: string) => accountIdOf(drawn(name));
export const [ana, doctor, stranger] = [account('ana'), account('doctor'), account('stranger')];
export const nowMs = 1_800_000_000_000;

export const consent: Consent = {
  ...{ account: ana, bodyHash: drawn('hash'), writeKey: new Uint8Array(0), window: [] as never },
  ...{ notBeforeMs: nowMs - 10_000, notAfterMs: nowMs + 10_000, grantedHeight: 5 },
  ...{ revokedHeight: 0, looks: 1, lookChain: drawn('chain'), writeKeyGeneration: 0 },
};

export const lookAt = (recordIds: readonly RecordId[]): ShownLook => ({
  request: {
    ...{ reader: doctor, consent: consentIdOf(drawn('consent').subarray(0, 16)) },
    purpose: 'TREAT',
    what: { kind: 'records', recordIds },
  },
  timeMs: nowMs - 1_000,
});

export const looking = (
  look: ShownLook,
  request: Partial<ShownLook['request']>,
): { readonly look: ShownLook } => ({
  look: { ...look, request: { ...look.request, ...request } },
});

/** What every such decision refuses alike, whatever is asked for. */
export const wrongLooks = (
  look: ShownLook,
  body: GrantBody,
): readonly (readonly [string, Partial<Looked & { readonly reader: typeof doctor }>, string])[] => [
  ['somebody else shows his look', { reader: stranger }, 'NOT_SHARED'],
  ['the look is ten minutes old', { look: { ...look, timeMs: nowMs - maxLookAgeMs } }, 'LOOK_OLD'],
  ['the ledger has no such consent', { consent: undefined }, 'CONSENT_UNKNOWN'],
  ['the body is not the one of the consent', { body: undefined }, 'GRANT_BODY_WRONG'],
  ['the body is about somebody else', { body: { ...body, account: doctor } }, 'GRANT_BODY_WRONG'],
  ['it was granted to somebody else', { body: { ...body, grantee: stranger } }, 'NOT_SHARED'],
  ['it was revoked', { consent: { ...consent, revokedHeight: 6 } }, 'CONSENT_ENDED'],
  [
    'it was ended with others',
    { patient: { endedGrants: [{ from: 5, until: 9 }] } },
    'CONSENT_ENDED',
  ],
  ['it is over', { nowMs: consent.notAfterMs }, 'CONSENT_ENDED'],
  ['it has not begun', { nowMs: consent.notBeforeMs - 1 }, 'CONSENT_NOT_LIVE'],
  ['it is for another purpose', { body: { ...body, purposes: ['HRESCH'] } }, 'PURPOSE_NOT_GRANTED'],
  [
    'the look is at whatever is new',
    looking(look, { what: { kind: 'since', height: 0, limit: 10, cursor: '' } }),
    'LOOK_WRONG',
  ],
];
