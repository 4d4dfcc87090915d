import { utf8 } from '../primitives/bytes.ts';
import { CodedError, isCoded } from '../primitives/errors.ts';
import type { ConsentId } from '../primitives/ids.ts';
import {
  amendRecord,
  type GrantRequest,
  type Noticed,
  ordinaryClasses,
  type Person,
  type RecordLine,
} from '../sdk/index.ts';
import { recentResults, restrictedResult } from './demo-results.ts';

/**
 * What the people of the demo did before anybody looks at it: shares that live and that ended, looks and refusals, a
 * diagnosis and its correction, a restricted result, an erased entry. No page of it is then empty. Each step is left out
 * where the ledger or the wallet shows that it was done, so that an interrupted start is completed.
 */
export async function playHistory(
  people: ReadonlyMap<string, Person>,
  time: DemoTime,
): Promise<void> {
  const named = (name: string): Person => {
    const person = people.get(name);
    if (person === undefined) throw new CodedError('PERSON_UNKNOWN', { name });
    return person;
  };
  const [lemuel, eboni, alejandro] = [named('lemuel'), named('eboni'), named('alejandro')];
  const [lind, osei, amari] = [named('dr-lind'), named('dr-osei'), named('dr-amari')];
  await given(lemuel, lind, { ...lemuelToLind, notAfterMs: inDays(30, time) }, time);
  await given(lemuel, osei, { ...lemuelToOsei, notAfterMs: inDays(14, time) }, time);
  await given(alejandro, osei, { ...alejandroToOsei, notAfterMs: inDays(0.75, time) }, time);
  await osei.inbox({ signal: time.signal });

  await recentFindings(eboni, time);
  await erasedEntry(eboni, time);
  await lookAndRefusal(eboni, lind, time);
  await treatment(eboni, osei, time);
  await purposeRefused(eboni, amari, time);
}

interface DemoTime {
  readonly nowMs: number;
  readonly signal: AbortSignal;
}

const hourMs = 3_600_000;
/** On a whole hour: shares of one day have one boundary of keys. */
const inDays = (days: number, { nowMs }: DemoTime): number =>
  Math.ceil(nowMs / hourMs) * hourMs + days * 24 * hourMs;

/** Lemuel lets Dr Lind, of another hospital, read his laboratory results and write diagnoses. */
const lemuelToLind = {
  readClasses: ['lab', 'diagnosis', 'medication'],
  writeClasses: ['diagnosis'],
  purposes: ['TREAT'],
} as const;

/** Dr Osei is another one whom he sees: all that a visit needs. */
const lemuelToOsei = { readClasses: ordinaryClasses, purposes: ['TREAT'] } as const;

/** One that ends before tomorrow is over, for one question. */
const alejandroToOsei = {
  readClasses: ['summary', 'diagnosis', 'medication', 'lab', 'vital'],
  purposes: ['TREAT'],
} as const;

/** The share with this doctor, given once: live or ended it stays the one. */
async function given(
  patient: Person,
  doctor: Person,
  terms: Omit<GrantRequest, 'grantee'>,
  { signal }: DemoTime,
): Promise<{ readonly consent: ConsentId; readonly isOver: boolean }> {
  const { account } = doctor.account();
  const before = (await patient.grants({ signal })).find((it) => it.terms.grantee === account);
  if (before !== undefined) return { consent: before.consent, isOver: before.state === 'ended' };
  await patient.addCard(doctor.card(), { signal });
  const { consent } = await patient.grant({ ...terms, grantee: account }, { signal });
  return { consent, isOver: false };
}

async function noticesOf(
  patient: Person,
  doctor: Person,
  { signal }: DemoTime,
): Promise<readonly Noticed['kind'][]> {
  const { account } = doctor.account();
  const { notices } = await patient.looked({ signal });
  return notices.flatMap((it) => ('reader' in it && it.reader === account ? it.kind : []));
}

/** What is asked for and refused, as it is to be: anything else is a fault of the demo. */
async function refused(ask: Promise<unknown>, code: 'CONSENT_ENDED' | 'PURPOSE_NOT_GRANTED') {
  try {
    await ask;
  } catch (error) {
    if (isCoded(error, code)) return;
    throw error;
  }
  throw new CodedError('INTERNAL', { expected: code });
}

/** Dr Lind looked at laboratory results, Eboni stopped the share, Dr Lind tried once more, and asks to go on. */
async function lookAndRefusal(eboni: Person, lind: Person, time: DemoTime): Promise<void> {
  const { signal } = time;
  const notAfterMs = inDays(2, time);
  const terms = { readClasses: ['lab'], purposes: ['TREAT'], notAfterMs } as const;
  const { consent, isOver } = await given(eboni, lind, terms, time);
  const kinds = await noticesOf(eboni, lind, time);
  if (!isOver) {
    await lind.inbox({ signal });
    if (!kinds.includes('look')) await lind.sharedLines(consent, { signal });
    await eboni.revoke(consent, { signal });
  }
  if (!kinds.includes('refusal')) {
    await refused(lind.sharedLines(consent, { signal }), 'CONSENT_ENDED');
    const goOn = { kind: 'access', readClasses: ['lab'], purpose: 'TREAT', days: 7 } as const;
    await lind.ask(eboni.account().account, goOn, { signal });
  }
}

/** Dr Osei reads for a week, wrote a diagnosis and corrected it. */
async function treatment(eboni: Person, osei: Person, time: DemoTime): Promise<void> {
  const { signal } = time;
  const { consent } = await given(
    eboni,
    osei,
    {
      readClasses: ordinaryClasses,
      writeClasses: ['note', 'diagnosis'],
      purposes: ['TREAT'],
      notAfterMs: inDays(7, time),
    },
    time,
  );
  await osei.inbox({ signal });
  if (!(await noticesOf(eboni, osei, time)).includes('look')) {
    const { lines } = await osei.sharedLines(consent, { signal });
    const recordIds = newestOf(lines, 'lab', 4).map((it) => it.recordId);
    await osei.readShared(consent, { recordIds, signal });
  }
  const written = (await eboni.recordLines({ signal })).filter((it) => it.consent === consent);
  const diagnoses = written.filter((it) => it.recordClass === 'diagnosis');
  const day = localDay(time.nowMs);
  if (diagnoses.length === 0) {
    const bytes = condition('Iron deficiency anaemia', '87522002', day);
    await osei.diagnose(consent, { name: 'Iron deficiency anaemia', ...fhir(bytes) }, { signal });
    const note = utf8(visitNote);
    const about = { name: 'Visit on fatigue', mediaType: 'text/plain', bytes: note } as const;
    await osei.write(consent, [{ ...about, recordClass: 'note' }], { signal });
  }
  if (diagnoses.length < 2) {
    const [first] = (await eboni.recordLines({ signal })).filter(
      (it) => it.consent === consent && it.recordClass === 'diagnosis',
    );
    if (first === undefined) throw new CodedError('INTERNAL', { expected: 'diagnosis' });
    const name = 'Iron deficiency without anaemia';
    const correction = {
      ...{ recordId: first.recordId, name, consent, enteredInError: false },
      reason: 'The blood count of the same day shows no anaemia.',
      now: fhir(condition(name, '35240004', day)),
    };
    await osei.run(amendRecord, correction, { signal });
  }
}

/** Dr Amari may read vital signs and medicines, looked, and asked once for research, which is not shared. */
async function purposeRefused(eboni: Person, amari: Person, time: DemoTime): Promise<void> {
  const { signal } = time;
  const notAfterMs = inDays(90, time);
  const terms = { readClasses: ['vital', 'medication'], purposes: ['TREAT'], notAfterMs } as const;
  const { consent } = await given(eboni, amari, terms, time);
  await amari.inbox({ signal });
  const kinds = await noticesOf(eboni, amari, time);
  if (!kinds.includes('look')) await amari.sharedLines(consent, { signal });
  if (!kinds.includes('refusal')) {
    const asked = amari.sharedLines(consent, { purpose: 'HRESCH', signal });
    await refused(asked, 'PURPOSE_NOT_GRANTED');
  }
}

/** What the last year found, and a result that its source marked restricted: `demo-results.ts`. */
async function recentFindings(eboni: Person, { nowMs, signal }: DemoTime): Promise<void> {
  const files = [
    ['Results_made_up_for_the_demo.json', recentResults],
    ['Restricted_result.json', restrictedResult],
  ] as const;
  for (const [name, bytes] of files) {
    if (eboni.imports.some((it) => it.fileName === name && it.anchored)) continue;
    await eboni.addFile(fileOf(name, bytes(nowMs)), { signal });
  }
}

/** Added by mistake, and erased for good. */
async function erasedEntry(eboni: Person, { signal }: DemoTime): Promise<void> {
  const name = 'Somebody_elses_letter.txt';
  const isAdded = eboni.imports.some((it) => it.fileName === name && it.anchored);
  if (!isAdded) await eboni.addFile(fileOf(name, utf8('Not about Eboni.\n')), { signal });
  const lines = await eboni.recordLines({ signal });
  const wrong = lines.filter((it) => it.headline?.name === name);
  if (wrong.length === 0) return;
  await eboni.erase(
    wrong.map((it) => it.recordId),
    { signal },
  );
}

function newestOf(
  lines: readonly RecordLine[],
  recordClass: string,
  count: number,
): readonly RecordLine[] {
  const dateOf = ({ headline }: RecordLine): string => headline?.clinicalDate ?? '';
  return lines
    .filter((it) => it.recordClass === recordClass && it.state === 'live')
    .toSorted((a, b) => (dateOf(a) < dateOf(b) ? 1 : -1))
    .slice(0, count);
}

const fileOf = (name: string, bytes: Uint8Array) => ({
  name,
  byteLength: bytes.length,
  read: async function* () {
    yield bytes;
  },
});

const fhir = (bytes: Uint8Array) => ({ mediaType: 'application/fhir+json', bytes });

/** A FHIR R4 Condition; `code` of SNOMED CT, `day` as YYYY-MM-DD. */
function condition(text: string, code: string, day: string): Uint8Array {
  const status = (system: string, word: string) => ({
    coding: [{ system: `http://terminology.hl7.org/CodeSystem/${system}`, code: word }],
  });
  return utf8(
    JSON.stringify({
      resourceType: 'Condition',
      clinicalStatus: status('condition-clinical', 'active'),
      verificationStatus: status('condition-ver-status', 'confirmed'),
      code: { coding: [{ system: 'http://snomed.info/sct', code, display: text }], text },
      subject: { display: 'Eboni Brekke' },
      onsetDateTime: day,
      recordedDate: day,
    }),
  );
}

const visitNote = `Tired for six weeks, no bleeding noticed, sleeps well. Pulse and blood pressure normal.
Iron studies low, blood count normal. Iron by mouth for three months, then tests again.
`;

/** As people where the demo runs write today: elsewhere it may be tomorrow already. */
function localDay(ms: number): string {
  const at = new Date(ms);
  const two = (it: number): string => String(it).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}
