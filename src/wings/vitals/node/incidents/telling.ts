import { accounts } from '../../../../ledger/tables/accounts.ts';
import { isCoded } from '../../../../primitives/errors.ts';
import { type AccountId, parseAccountId } from '../../../../primitives/ids.ts';
import { encodeAs } from '../../../../primitives/shape.ts';
import { incidentNotice, incidentWord, mostPeopleOfNotice } from '../../api/incident-notice.ts';
import { readReport } from '../../api/incident-report.ts';
import type { DataServerBase } from '../data-server-base.ts';
import { state } from '../statements.ts';
import type { ToTell } from '../stores/incident-store.ts';

const hourMs = 3_600_000;

/** Up to whom it came: who waits behind those of a hospital that is away has his turn. */
export interface TellingPlace {
  after: Omit<ToTell, 'incident'> | undefined;
}
/** People whom one turn looks at. */
const peopleATurn = 4 * mostPeopleOfNotice;

/** Hands a notice to the gateway of a hospital, and waits for its yes. Throws as calling a gateway does. */
export type HandNotice = (organisation: AccountId, statement: Uint8Array) => Promise<void>;

/**
 * Tells the hospitals of those whom an incident concerns, once its report is on the ledger. A hospital that does not answer is asked
 * again when their turn comes again; it takes each once. Returns how many were told. Source: docs/protocol/vitals-tampering.md, rule VT-12.
 */
export async function tellPeople(
  base: DataServerBase,
  of: { readonly name: string; readonly hand: HandNotice },
  place: TellingPlace = { after: undefined },
): Promise<number> {
  const { incidents, ledger } = base;
  const waiting = await incidents.toTell(peopleATurn, place.after);
  place.after = waiting.length < peopleATurn ? undefined : waiting.at(-1);
  if (waiting.length === 0) return 0;
  const onLedger = new Map(
    (await incidents.incidents()).filter((it) => it.isOnLedger).map((it) => [it.name, it.signed]),
  );
  const groups = new Map<string, ToTell[]>();
  for (const it of waiting) {
    if (!onLedger.has(it.incident)) continue;
    const account = await ledger.row(accounts, parseAccountId(it.account));
    const name = `${account?.organisation ?? ''} ${it.incident} ${it.began}`;
    groups.set(name, [...(groups.get(name) ?? []), it]);
  }
  let told = 0;
  for (const [name, all] of groups) {
    const [organisation = '', incident = ''] = name.split(' ');
    const signed = onLedger.get(incident);
    if (organisation === '' || signed === undefined) continue;
    for (let at = 0; at < all.length; at += mostPeopleOfNotice) {
      const some = all.slice(at, at + mostPeopleOfNotice);
      if (
        !(await handed(base, { ...of, organisation: parseAccountId(organisation), signed, some }))
      )
        break;
      await incidents.told(some);
      told += some.length;
    }
  }
  return told;
}

/** False: not now. */
async function handed(
  base: DataServerBase,
  of: {
    readonly name: string;
    readonly hand: HandNotice;
    readonly organisation: AccountId;
    readonly signed: Uint8Array;
    readonly some: readonly ToTell[];
  },
): Promise<boolean> {
  const report = readReport(of.signed);
  const { firstHour, lastHour, wholeMs, foundMs, attempts } = report;
  const isOfHours = lastHour > 0;
  const [attempt] = attempts.filter(({ from }) => from !== '');
  const [first] = of.some;
  if (first === undefined) return true;
  const payload = encodeAs(incidentNotice, {
    ...{ incident: Uint8Array.from(Buffer.from(first.incident, 'hex')), began: first.began },
    ...{ server: of.name, done: 'quarantined' },
    fromMs: isOfHours ? firstHour * hourMs : wholeMs,
    untilMs: isOfHours ? (lastHour + 1) * hourMs : foundMs,
    ...{ source: attempt?.from ?? '', claimedMac: attempt?.claimedMac ?? '' },
    people: of.some.map(({ account }) => parseAccountId(account)),
  });
  try {
    await of.hand(
      of.organisation,
      await state(base, { to: of.organisation, word: incidentWord, payload }),
    );
    return true;
  } catch (error) {
    // Whatever that hospital has, the others are told meanwhile.
    if (!isCoded(error)) throw error;
    return false;
  }
}
