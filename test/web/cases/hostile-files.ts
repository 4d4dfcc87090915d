import { ref } from './record-acts.ts';
import { bundle, observation } from './record-files.ts';

/** A record as somebody would write it who wants it to run, to reach out, or to be taken for something else. */

const runs = '<script>globalThis.hostileRan = 1; alert(1)</script>';
const calls =
  '<img src="https://evil.example/x.png" onerror="globalThis.hostileRan = 1"><link rel="prefetch" href="https://evil.example/p"><iframe src="https://evil.example/f"></iframe>';
const leads = '<a href="javascript:globalThis.hostileRan = 1">Tap here</a>';
/** Reads as `exe.pdf` in letters that turn around, and never ends its turn. */
const turns = '\u202Efdp.exe \u2066\u2067\u202D';
/** Of 1,024 characters without a place to break, and all of it as markup. */
export const longName = `<b/onmouseover=globalThis.hostileRan=1>${'W'.repeat(1_024 - 39)}`;

/** What an account may be called at most; it takes no characters that turn around. */
export const personName = `<img/src=x/onerror=globalThis.hostileRan=1>"'${'W'.repeat(150)}`;

const cells = (count: number): string =>
  Array.from({ length: count }, (_, at) => `<td>cell ${at}</td>`).join('');
/** Of 200 columns and 150 rows. */
const hugeTable = `<table>${`<tr>${cells(200)}</tr>`.repeat(150)}</table>`;
const narrative = (html: string) => ({
  status: 'generated',
  div: `<div xmlns="http://www.w3.org/1999/xhtml">${html}</div>`,
});
const text = (words: string) => ({ text: words, coding: [{ display: words, code: runs }] });
const base64 = (content: string): string => Buffer.from(content).toString('base64');

const subject = ref('mal');
export const hostileChart = bundle(
  {
    ...{ resourceType: 'Patient', id: 'mal', gender: 'female', birthDate: '1990-02-03' },
    name: [{ given: [`${runs}${turns}`], family: longName }],
    text: narrative(runs + calls),
  },
  {
    ...{ resourceType: 'AllergyIntolerance', id: 'allergy', patient: subject },
    clinicalStatus: { coding: [{ code: 'active' }] },
    code: text(`${runs}${turns} hostile allergy`),
    criticality: 'high',
    note: [{ text: leads }],
  },
  {
    ...{ resourceType: 'Condition', id: 'condition', subject },
    clinicalStatus: { coding: [{ code: 'active' }] },
    code: text(longName),
    recordedDate: '2026-11-20',
    text: narrative(hugeTable),
  },
  {
    ...{ resourceType: 'MedicationStatement', id: 'medicine', subject, status: 'active' },
    medicationCodeableConcept: text(`${calls} hostile medicine`),
    effectiveDateTime: '2026-11-20',
    dosage: [{ text: `${leads}${'9'.repeat(1_024)}` }],
  },
  {
    ...observation('hostile value', 1e21, longName, '2026-11-20'),
    subject,
    referenceRange: [{ text: `${runs}${turns}` }],
    interpretation: [{ coding: [{ code: runs, display: calls }] }],
    text: narrative(runs + calls + leads + hugeTable),
  },
  {
    ...observation('hostile words', 0, '', '2026-11-20'),
    ...{ id: 'words', subject, valueQuantity: undefined, valueString: longName },
  },
  { ...observation(`${turns} turned`, 3, turns, '2026-11-20'), id: 'turned', subject },
  {
    ...{ resourceType: 'DocumentReference', id: 'document', subject, status: 'current' },
    description: `${runs} hostile document`,
    date: '2026-11-20T10:00:00Z',
    content: [
      {
        attachment: {
          ...{ contentType: 'image/svg+xml', title: `${turns}.svg` },
          data: base64(
            `<svg xmlns="http://www.w3.org/2000/svg" onload="globalThis.hostileRan=1"><image href="https://evil.example/y"/>${runs}</svg>`,
          ),
        },
      },
      {
        attachment: {
          ...{ contentType: 'text/html', title: 'page.html' },
          data: base64(runs + calls),
        },
      },
      {
        attachment: {
          ...{ contentType: 'application/pdf', title: longName, url: 'javascript:alert(4)' },
          data: base64('%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj'),
        },
      },
    ],
  },
);
