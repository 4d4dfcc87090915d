import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fileNameOf } from './file-name.ts';

const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

const rows: readonly [name: string, ending: string, expected: string | undefined][] = [
  ['report.pdf', '', 'report.pdf'],
  ['report.pdf', '.pdf', 'report.pdf'],
  ['report', '.pdf', 'report.pdf'],
  ['Report.PDF', '.pdf', 'Report.PDF'],
  ['v1.2', '.json', 'v1.2.json'],
  ['lab (2), final', '', 'lab (2), final'],
  ['../../etc/passwd', '', '_.._etc_passwd'],
  ['C:\\a', '', 'C__a'],
  ['.bashrc', '', 'bashrc'],
  ['a\u202egnp.exe', '', 'a_gnp.exe'],
  ['con. ', '', 'con'],
  ['half \ud800', '', 'half _'],
  [' ... ', '', undefined],
  ['', '.txt', undefined],
  ['報'.repeat(200), '.pdf', `${'報'.repeat(83)}.pdf`],
  [`${'x'.repeat(300)}.json`, '', `${'x'.repeat(250)}.json`],
];
for (const [name, ending, expected] of rows) {
  test(`${JSON.stringify(name.slice(0, 20))} ${ending}: ${expected?.slice(0, 20)}`, () => {
    assert.equal(fileNameOf(name, { ending }), expected);
  });
}

test('Whatever it is called, a file system takes it', () => {
  const text = fc.string({ unit: 'binary', maxLength: 400 });
  fc.assert(
    fc.property(text, fc.constantFrom('', '.pdf', '.json'), (name, ending) => {
      const made = fileNameOf(name, { ending });
      if (made === undefined) return;
      assert.ok(bytesOf(made) <= 255);
      assert.doesNotMatch(made, /[/\\\p{Cc}]|^\./u);
      assert.ok(made.toLowerCase().endsWith(ending));
    }),
  );
});
