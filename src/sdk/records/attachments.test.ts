import assert from 'node:assert/strict';
import test from 'node:test';
import { utf8 } from '../../primitives/bytes.ts';
import { isCoded } from '../../primitives/errors.ts';
import { listAttachments, openAttachment } from './attachments.ts';
import { bytesToBase64 } from './base64.ts';

const bytesOf = (resource: object): Uint8Array => utf8(JSON.stringify(resource));
const attachment = (content: string, more: object = {}) => ({
  contentType: 'text/plain',
  data: bytesToBase64(utf8(content)),
  ...more,
});

test('documents are numbered in the order of the record, wherever they lie in it', () => {
  const record = bytesOf({
    resourceType: 'DiagnosticReport',
    contained: [{ resourceType: 'Binary', id: 'b', ...attachment('inside') }],
    presentedForm: [
      attachment('one', { title: 'first' }),
      { contentType: 'application/pdf', url: 'Binary/7' },
      attachment('two'),
    ],
  });
  assert.deepEqual(
    listAttachments(record).map((it) => [it.number, it.fileName]),
    [
      [1, 'attachment-1.txt'],
      [2, 'first.txt'],
      [3, 'attachment-3.txt'],
    ],
  );
  assert.deepEqual(openAttachment(record, 3).bytes, utf8('two'));
  assert.throws(
    () => openAttachment(record, 4),
    (error) => isCoded(error, 'ATTACHMENT_UNKNOWN') && error.details.count === 3,
  );
});

test('base64 with line ends in it, as FHIR allows, gives the exact bytes', () => {
  const content = { contentType: 'application/pdf', data: 'JVBE\nRi0x\r\nLjQ=' };
  const record = bytesOf({ resourceType: 'DocumentReference', content: [{ attachment: content }] });
  assert.deepEqual(openAttachment(record, 1).bytes, utf8('%PDF-1.4'));
});

test('a curve and a signature are no documents; what is no base64 is told', () => {
  const record = bytesOf({
    resourceType: 'Observation',
    valueSampledData: { origin: { value: 1 }, period: 1, dimensions: 1, data: '1 2 3' },
    signature: { when: '2020', who: {}, data: 'AAAA' },
    derived: { contentType: 'text/plain', data: 'no base64!' },
  });
  assert.equal(listAttachments(record).length, 1);
  assert.throws(
    () => openAttachment(record, 1),
    (error) => isCoded(error, 'ATTACHMENT_DAMAGED'),
  );
});

test('what is no JSON holds no documents', () => {
  assert.deepEqual(listAttachments(utf8('%PDF-1.4')), []);
});
