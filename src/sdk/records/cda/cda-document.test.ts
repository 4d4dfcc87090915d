import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { assertGrowsAlong } from '../../../../test/growth.ts';
import { utf8 } from '../../../primitives/bytes.ts';
import { openAttachment } from '../attachments.ts';
import { spokenName } from '../headline/headline.ts';
import { showItem } from '../show-html.ts';
import { textOfItem } from '../show-text.ts';
import { readCda } from './cda-document.ts';
import { parseXml, textInside, xmlLimits } from './xml.ts';

const loinc = 'codeSystem="2.16.840.1.113883.6.1"';
const snomed = 'codeSystem="2.16.840.1.113883.6.96"';
const section = (code: string, title: string, body: string) =>
  `<component><section><code code="${code}" ${loinc}/><title>${title}</title>${body}</section></component>`;

const allergies = section(
  '48765-2',
  'Allergies',
  `<text>Penicillin</text>
   <entry><act><entryRelationship><observation><effectiveTime><low value="199805"/></effectiveTime>
     <value code="416098002" ${snomed} displayName="Drug allergy"/>
     <participant><participantRole><playingEntity><code code="7980" codeSystem="2.16.840.1.113883.6.88" displayName="Penicillin G"/></playingEntity></participantRole></participant>
     <entryRelationship><observation><code code="ASSERTION"/><value displayName="Hives"/></observation></entryRelationship>
   </observation></entryRelationship></act></entry>
   <entry><act><entryRelationship><observation negationInd="true">
     <value code="419199007" ${snomed} displayName="Allergy to substance"/>
     <participant><participantRole><playingEntity><code nullFlavor="NA"/></playingEntity></participantRole></participant>
   </observation></entryRelationship></act></entry>`,
);
const medicines = section(
  '10160-0',
  'Medications',
  `<text><table><tr><td ID="m1">Lisinopril <content>10 MG</content></td></tr></table></text>
   <entry><substanceAdministration moodCode="EVN"><statusCode code="active"/>
     <effectiveTime><low value="20200102"/></effectiveTime>
     <consumable><manufacturedProduct><manufacturedMaterial><code nullFlavor="UNK"><originalText><reference value="#m1"/></originalText></code></manufacturedMaterial></manufacturedProduct></consumable>
   </substanceAdministration></entry>
   <entry><substanceAdministration moodCode="EVN" negationInd="true"><statusCode code="completed"/>
     <consumable><manufacturedProduct><manufacturedMaterial><code code="11289" codeSystem="2.16.840.1.113883.6.88" displayName="Warfarin"/></manufacturedMaterial></manufacturedProduct></consumable>
   </substanceAdministration></entry>`,
);
const problems = section(
  '11450-4',
  'Problems',
  `<entry><act><entryRelationship><observation><code code="55607006" ${snomed}/>
     <effectiveTime><low value="2001"/><high value="2003"/></effectiveTime>
     <value type="CD" code="195967001" ${snomed} displayName="Asthma"/></observation></entryRelationship></act></entry>
   <entry><act><entryRelationship><observation negationInd="true"><code code="55607006" ${snomed}/>
     <value code="84757009" ${snomed} displayName="Epilepsy"/></observation></entryRelationship></act></entry>`,
);
const results = section(
  '30954-2',
  'Results',
  `<entry><organizer><component><observation><code code="718-7" ${loinc} displayName="Hemoglobin"/>
     <effectiveTime value="20210304101500+0100"/><value type="PQ" value="13.20" unit="g/dL"/>
     <referenceRange><observationRange><value><low value="14" unit="g/dL"/><high value="17.5" unit="g/dL"/></value></observationRange></referenceRange>
   </observation></component>
   <component><observation><code code="5196-1" ${loinc} displayName="HBsAg"/><effectiveTime value="20210304"/>
     <value type="CD" displayName="Not detected"/><interpretationCode code="N"/></observation></component></organizer></entry>`,
);
const family = section(
  '10157-6',
  'Family history',
  `<entry><organizer><subject><relatedSubject><code displayName="Mother"/></relatedSubject></subject>
     <component><observation><code code="64572001" ${snomed}/><value displayName="Breast cancer"/></observation></component></organizer></entry>`,
);
const document = `<?xml version="1.0" encoding="UTF-8"?><!-- c -->
<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<title>Summary of care</title><effectiveTime value="20210401"/>
<recordTarget><patientRole><patient><name><given>Anna</given> <family>Roe &amp; S&#246;hne</family></name></patient></patientRole></recordTarget>
<component><structuredBody>${allergies}${medicines}${problems}${results}${family}</structuredBody></component></ClinicalDocument>`;
const mediaType = 'application/xml';

test('a clinical document gives the lines of its allergies, medicines, problems and results', () => {
  const read = readCda(mediaType, utf8(document));
  assert.deepEqual(
    [read?.title, read?.date, read?.patientName],
    ['Summary of care', '2021-04-01', 'Anna Roe & Söhne'],
  );
  const lines = (read?.sections ?? []).map(({ title, headlines }) => [
    title,
    ...headlines.map((it) =>
      [it.clinicalDate, it.code, spokenName(it), it.value, it.unit, it.flag].join('|'),
    ),
  ]);
  assert.deepEqual(lines, [
    [
      'Allergies',
      '1998-05|rxnorm|7980|Penicillin G|Hives||',
      '|snomed|419199007|No known: Allergy to substance|||',
    ],
    [
      'Medications',
      '2020-01-02||Lisinopril 10 MG|active||',
      '|rxnorm|11289|Warfarin: NOT taken|completed||',
    ],
    [
      'Problems',
      '2001|snomed|195967001|Asthma|resolved||',
      '|snomed|84757009|Epilepsy: refuted|||',
    ],
    [
      'Results',
      '2021-03-04T10:15:00+01:00|loinc|718-7|Hemoglobin|13.20|g/dL|range:L',
      '2021-03-04|loinc|5196-1|HBsAg|Not detected||N',
    ],
    ['Family history', '||Mother: Breast cancer|||'],
  ]);
});

test('page and terminal show it in its sections', () => {
  const item = {
    name: 'ccda.xml',
    mediaType,
    recordClass: 'summary',
    writtenMs: 0,
    authorName: undefined,
    bytes: utf8(document),
  };
  const page = showItem(item);
  assert.ok(page.includes('<h1>Summary of care</h1>'));
  assert.ok(page.includes('<dd>Hemoglobin: 13.20 g/dL (low by its range)</dd>'));
  assert.ok(page.includes('Save this file'));
  const { title, paragraphs } = textOfItem(item);
  assert.equal(title, 'Summary of care');
  assert.equal(paragraphs[2], 'Problems\n  2001  Asthma: resolved\n  Epilepsy: refuted');
});

test('UTF-16 and a named encoding are read as what they are', () => {
  const text = '<ClinicalDocument><title>Größe</title></ClinicalDocument>';
  const utf16 = new Uint8Array([0xff, 0xfe, ...Buffer.from(text, 'utf16le')]);
  assert.equal(readCda(mediaType, utf16)?.title, 'Größe');
  const latin = Buffer.from(`<?xml version="1.0" encoding="ISO-8859-1"?>${text}`, 'latin1');
  assert.equal(readCda(mediaType, new Uint8Array(latin))?.title, 'Größe');
});

for (const [what, xml] of [
  ['a document type', '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'],
  ['an entity of somebody’s own', '<a>&b;</a>'],
  ['a tag that is never closed', '<a><b></a>'],
  ['two elements', '<a/><b/>'],
  ['text outside', 'x<a/>'],
  ['an attribute without quotes', '<a b=c/>'],
  ['a cut end', '<a><b'],
  ['nothing', ''],
] as const) {
  test(`no XML is read with ${what}`, () => assert.equal(parseXml(utf8(xml)), undefined));
}

test('depth, count and size are bounded, and many brackets cost no time', () => {
  const deep = (depth: number) => '<a>'.repeat(depth) + '</a>'.repeat(depth);
  assert.ok(parseXml(utf8(deep(xmlLimits.maxDepth))));
  assert.equal(parseXml(utf8(deep(xmlLimits.maxDepth + 1))), undefined);
  assert.equal(parseXml(utf8(`<a>${'<b/>'.repeat(xmlLimits.maxElements)}</a>`)), undefined);
  assert.equal(parseXml(new Uint8Array(xmlLimits.maxBytes + 1)), undefined);
  for (const part of ['<', '<a ', '<a b="', '&', '<!--', '<![CDATA[', '<?', '</']) {
    assertGrowsAlong(20_000, (size) => parseXml(utf8(`<r>${part.repeat(size)}`)));
  }
});

test('a document that a clinical document holds is given back', () => {
  const body =
    '<component><nonXMLBody><text mediaType="application/pdf" representation="B64">JVBE\nRi0=</text></nonXMLBody></component>';
  const record = utf8(`<ClinicalDocument><title>Scan</title>${body}</ClinicalDocument>`);
  const { attachment, bytes } = openAttachment(record, 1);
  assert.deepEqual([attachment.fileName, bytes], ['attachment-1.pdf', utf8('%PDF-')]);
});

test('no text makes the reader throw', () => {
  const part = fc.oneof(
    fc.constantFrom(
      '<',
      '>',
      '/',
      '</a>',
      '<a>',
      '<a b="',
      '"',
      '&',
      ';',
      '<![CDATA[',
      ']]>',
      '<?',
      '?>',
      '<!--',
      '-->',
    ),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      parseXml(utf8(parts.join('')));
      readCda(mediaType, utf8(`<ClinicalDocument>${parts.join('')}</ClinicalDocument>`));
    }),
  );
});

test('CDATA, comments and numbered characters are text', () => {
  const element = parseXml(utf8('<a>x<!-- y --><![CDATA[<b>&c;]]>&#x41;&lt;</a>'));
  assert.equal(textInside(element), 'x<b>&c;A<');
});

test('words that many entries refer to are cut, and so are those of nested parts', () => {
  const long = 'x'.repeat(100_000);
  const medicine = `<entry><substanceAdministration><consumable><manufacturedProduct><manufacturedMaterial>
    <code><originalText><reference value="#p0"/></originalText></code></manufacturedMaterial></manufacturedProduct></consumable></substanceAdministration></entry>`;
  const nested = Array.from({ length: 80 }, (_, i) => `<content ID="p${i}">`).join('');
  const text = `<text>${nested}${long}${'</content>'.repeat(80)}</text>`;
  const body = section('10160-0', 'Medications', text + medicine.repeat(500));
  const cda = utf8(
    `<ClinicalDocument><component><structuredBody>${body}</structuredBody></component></ClinicalDocument>`,
  );
  const [shown] = readCda(mediaType, cda)?.sections ?? [];
  assert.equal(shown?.text.length, long.length);
  assert.equal(shown?.headlines.length, 500);
  assert.ok(shown.headlines.every(({ name }) => name === 'x'.repeat(1000)));
});
