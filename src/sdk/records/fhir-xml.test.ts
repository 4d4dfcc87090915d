import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { utf8 } from '../../primitives/bytes.ts';
import { readFhirXml } from './fhir-xml.ts';
import { fhirXmlFacts } from './fhir-xml-facts.ts';
import { planImport } from './import/import-plan.ts';
import { nothingKnown } from './import/known-items.ts';
import { newRecordId } from './item-seal.ts';
import { showItem } from './show-html.ts';
import { textOfItem } from './show-text.ts';

const mediaType = 'application/fhir+xml';
const observation = (inside = '') => `<?xml version="1.0" encoding="UTF-8"?>
<Observation xmlns="http://hl7.org/fhir"><id value="k"/><meta>${inside}</meta>
<text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml"><p>Potassium &lt;b&gt;</p></div></text>
<status value="final"/><category><coding><code value="laboratory"/></coding></category>
<code><coding><system value="http://loinc.org"/><code value="2823-3"/></coding><text value="Potassium"/></code>
<effectiveDateTime value="2021-03-04"/>
<valueQuantity><value value="4.10"/><unit value="mmol/L"/></valueQuantity></Observation>`;
const label = '<security><code value="R"/></security>';

function planOf(text: string, fileName = 'a.xml') {
  const plan = planImport(
    {
      ...{ fileName, known: nothingKnown, byDevice: false, chosenClass: undefined },
      ...{ importedMs: 0, newRecordId },
    },
    utf8(text),
  );
  assert.ok(plan.kind === 'new');
  return plan;
}

test('FHIR as XML is named, classed and shown by what it says, with the spelling of its numbers', () => {
  const [item] = planOf(observation()).items;
  assert.equal(item?.name, 'Potassium: 4.10 mmol/L (2021-03-04)');
  assert.deepEqual([item?.recordClass, item?.mediaType], ['lab', mediaType]);
  const file = { bytes: utf8(observation()), mediaType, name: 'a.xml' };
  const { title, kind, headline } = textOfItem(file);
  assert.deepEqual([title, kind], ['Potassium', 'Measurement or finding']);
  assert.deepEqual(
    [headline.type, headline.code, headline.value, headline.unit, headline.clinicalDate],
    ['Observation', 'loinc|2823-3', '4.10', 'mmol/L', '2021-03-04'],
  );
  const about = { recordClass: 'lab', writtenMs: 0, authorName: undefined };
  const page = showItem({ ...file, ...about });
  assert.ok(page.includes('<h1>Potassium</h1>') && page.includes('4.10'));
  assert.ok(page.includes('Potassium &lt;b&gt;'));
});

test('a label restricts FHIR as XML as it does JSON', () => {
  const { items } = planOf(observation(label));
  assert.deepEqual([items[0]?.recordClass, items[0]?.labels], ['private', ['R']]);
  const bundle = `<Bundle xmlns="http://hl7.org/fhir"><type value="collection"/><entry><resource>${observation(label).replace(/^.*\n/, '')}</resource></entry></Bundle>`;
  const whole = planOf(bundle);
  assert.deepEqual([whole.items[0]?.recordClass, whole.items[0]?.labels], ['private', ['R']]);
  assert.equal(whole.items[0]?.name, 'Bundle of 1 record (collection)');
  assert.match(
    String(whole.cut.notes[0] && 'type' in whole.cut.notes[0] && whole.cut.notes[0].type),
    /1 inside/,
  );
});

test('what turns the meaning counts in XML too', () => {
  const tree = (xml: string) => textOfItem({ bytes: utf8(xml), mediaType, name: 'a.xml' }).title;
  const root = (type: string, inside: string) =>
    `<${type} xmlns="http://hl7.org/fhir">${inside}</${type}>`;
  const code = '<text value="Aspirin"/>';
  for (const [xml, title] of [
    [
      root(
        'Immunization',
        '<status value="not-done"/><vaccineCode><text value="Flu"/></vaccineCode>',
      ),
      'Flu: NOT given',
    ],
    [
      root(
        'MedicationRequest',
        `<doNotPerform value="true"/><medicationCodeableConcept>${code}</medicationCodeableConcept>`,
      ),
      'Aspirin: do NOT give',
    ],
    [
      root(
        'Procedure',
        `<modifierExtension url="http://x"><valueBoolean value="true"/></modifierExtension><code>${code}</code>`,
      ),
      'Aspirin: read with care',
    ],
  ] as const) {
    assert.equal(tree(xml), title);
  }
});

for (const [name, text] of [
  ['a document type', `<!DOCTYPE a [<!ENTITY b "c">]>${observation().replace(/^.*\n/, '')}`],
  ['no end', observation().slice(0, -20)],
] as const) {
  test(`FHIR as XML with ${name} is kept, and that it is not read is told`, () => {
    const plan = planOf(text, 'a.xml');
    assert.equal(plan.items.length, 1);
    assert.equal(readFhirXml(mediaType, utf8(text)), undefined);
    if (plan.cut.mediaType !== mediaType) return;
    assert.deepEqual(plan.cut.notes, [
      { kind: 'foreign', type: 'FHIR in XML, kept and not read', at: 0 },
    ]);
  });
}

test('an example of a Bundle in XML is read', () => {
  const path = new URL('../../../test/fixtures/files/14-fhir-bundle.xml', import.meta.url);
  const tree = readFhirXml(mediaType, new Uint8Array(readFileSync(path)));
  assert.ok(tree);
  assert.deepEqual([fhirXmlFacts(tree).resourceType, fhirXmlFacts(tree).count], ['Bundle', 1]);
});
