import { recordIdOf } from '../../../src/primitives/ids.js';
import { headlineMarks } from '../../../src/sdk/records/headline/headline.js';
import { emptyLine, encodeHeadline, headlineHashOf, headlineOf, } from '../../../src/sdk/records/headline/headline-format.js';
import { sealHeadline } from '../../../src/sdk/records/headline/headline-seal.js';
import { withFixedRandomness } from './fixed-randomness.js';
import { hex, pattern } from './write.js';
/** A line as a laboratory's value has it. */
export const hemoglobin = {
    ...{ version: 1, type: 'Observation', code: 'loinc|718-7', name: 'Hemoglobin' },
    ...{ clinicalDate: '2024-05-01T08:30:00+02:00', value: '11.20', unit: 'g/dL', flag: 'range:L' },
    marks: [],
    nameIsFromOutside: false,
};
const long = {
    ...{ version: 1, type: 'T'.repeat(35), code: `loinc|${'9'.repeat(40)}` },
    ...{ name: 'Ü'.repeat(100), clinicalDate: `2024-05-01T08:30:00.${'1'.repeat(20)}Z` },
    ...{ value: '3'.repeat(40), unit: 'mmol'.repeat(5), flag: 'F'.repeat(9) },
    ...{ marks: headlineMarks, nameIsFromOutside: false },
};
const lines = [
    { line: emptyLine, name: '', recordClass: 'other' },
    { line: hemoglobin, name: 'another name', recordClass: 'lab' },
    { line: { ...hemoglobin, marks: ['entered-in-error'] }, name: 'x', recordClass: 'private' },
    { line: emptyLine, name: 'letter of 3 May.pdf', recordClass: 'note' },
    { line: emptyLine, name: '\u{1F9EA}'.repeat(300), recordClass: 'private' },
    { line: { ...emptyLine, name: '' }, name: `${'x'.repeat(240)}é`, recordClass: 'note' },
    { line: long, name: '', recordClass: 'diagnosis' },
    { line: { ...hemoglobin, name: 'half \ud83e of one' }, name: '', recordClass: 'lab' },
];
export const headlines = {
    about: 'items.md I-60 to I-62: what the bytes give and the head beside it, the plaintext of 256 bytes, its SHA-256, and the 316 bytes of the header; texts of the input are JSON, so one may hold half a character',
    async cases() {
        const cases = [];
        for (const [index, { line, name, recordClass }] of lines.entries()) {
            const plain = encodeHeadline(headlineOf(line, { name, recordClass }));
            const key = { recordId: recordIdOf(pattern(16, index)), recordKey: pattern(32, index) };
            const { result, drawn } = await withFixedRandomness(`headline ${index}`, () => sealHeadline(key, plain));
            cases.push({
                ...{ line, name, recordClass, plain: hex(plain), hash: hex(headlineHashOf(plain)) },
                ...{ recordId: key.recordId, recordKey: hex(key.recordKey), nonce: hex(drawn[0] ?? plain) },
                sealed: hex(result),
            });
        }
        return cases;
    },
};
