import { DatabaseSync } from 'node:sqlite';

/** Files that the cases of a record bring in, and what reads the archive that they save. */

export const namedPatient = (id: string, name: string, birthDate: string) => {
  const [given, family] = name.split(' ');
  return { resourceType: 'Patient', id, name: [{ given: [given], family }], birthDate };
};

export const observation = (name: string, value: number, unit: string, date: string) => ({
  resourceType: 'Observation',
  id: name.toLowerCase().replace(/[^a-z]/gu, '-'),
  status: 'final',
  category: [
    {
      coding: [
        {
          system: 'http://terminology.hl7.org/CodeSystem/observation-category',
          code: 'laboratory',
        },
      ],
    },
  ],
  code: { text: name },
  effectiveDateTime: date,
  valueQuantity: { value, unit },
});

export const bundle = (...resources: readonly object[]) => ({
  resourceType: 'Bundle',
  type: 'collection',
  entry: resources.map((resource) => ({ resource })),
});

interface Hostile {
  readonly file: { readonly name: string; readonly json?: object; readonly text?: string };
  /** What of it a person sees. */
  readonly shows: RegExp | string;
  readonly title?: string;
}

const script = '<script>globalThis.hostileRan = 1; alert(1)</script>';
const picture = '<img src="https://evil.example/x.png" onerror="globalThis.hostileRan = 1">';
const longName = `hostile \u202eexe.fdp ${'long '.repeat(200)}`;

/** Each tries to run, to reach out, or to look like something else. */
export const hostile: readonly Hostile[] = [
  {
    file: {
      name: 'hostile-narrative.json',
      json: {
        ...observation('hostile narrative', 7, '<b>mg</b>', '2026-11-22'),
        text: {
          status: 'generated',
          div: `<div xmlns="http://www.w3.org/1999/xhtml">${script}${picture}<a href="javascript:alert(2)">Tap here</a> plain words</div>`,
        },
        note: [{ text: `${script}<a href="javascript:alert(3)">free money</a>` }],
      },
    },
    shows: /free money/u,
    title: 'hostile narrative',
  },
  {
    file: {
      name: 'hostile-name.json',
      json: { ...observation(longName, 8, 'mg', '2026-11-22'), id: 'hostile-name' },
    },
    shows: 'Source’s range',
    title: 'hostile',
  },
  {
    file: {
      name: 'hostile.svg',
      text: `<svg xmlns="http://www.w3.org/2000/svg" onload="globalThis.hostileRan = 1">${script}<image href="https://evil.example/y.png"/></svg>`,
    },
    shows: /Save the original|onload/u,
  },
  {
    file: {
      name: 'hostile.html',
      text: `<!doctype html><title>x</title>${script}${picture}<p>visible words of hostile html</p><iframe src="https://evil.example"></iframe>`,
    },
    shows: /visible words of hostile html/u,
  },
  {
    file: {
      name: 'hostile.pdf',
      text: '%PDF-1.7\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF',
    },
    shows: /A PDF of/u,
  },
  {
    file: { name: `hostile \u202efdp.${'n'.repeat(180)}.txt`, text: `${script} only text` },
    shows: /only text/u,
  },
];

/** The files of an archive that packs nothing. */
export function unzipped(zip: Buffer): ReadonlyMap<string, Buffer> {
  const end = zip.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  const count = zip.readUInt16LE(end + 10);
  let at = zip.readUInt32LE(end + 16);
  const files = new Map<string, Buffer>();
  for (let i = 0; i < count; i++) {
    const [size, nameLength, start] = [
      zip.readUInt32LE(at + 24),
      zip.readUInt16LE(at + 28),
      zip.readUInt32LE(at + 42),
    ];
    const name = zip.subarray(at + 46, at + 46 + nameLength).toString('utf8');
    const bytes = start + 30 + zip.readUInt16LE(start + 26) + zip.readUInt16LE(start + 28);
    files.set(name, zip.subarray(bytes, bytes + size));
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return files;
}

/** What a hospital with a bad disk, or bad faith, hands out: one byte of the two newest bodies is another. */
export function alterNewestBlob(file: string): void {
  const database = new DatabaseSync(file);
  database.exec('PRAGMA busy_timeout = 5000');
  const newest = database
    .prepare(
      'SELECT rowid AS at, content FROM blobs WHERE content IS NOT NULL ORDER BY rowid DESC LIMIT 2',
    )
    .all() as { at: number; content: Uint8Array }[];
  for (const { at, content } of newest) {
    content[100] = (content[100] ?? 0) ^ 1;
    database.prepare('UPDATE blobs SET content = ? WHERE rowid = ?').run(content, at);
  }
  database.close();
}
