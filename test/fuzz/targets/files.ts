import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { sha256 } from '../../../src/crypto/hash.ts';
import { utf8, utf8ToText } from '../../../src/primitives/bytes.ts';
import { type RecordId, recordIdOf } from '../../../src/primitives/ids.ts';
import { cutFile } from '../../../src/sdk/records/fhir-file.ts';
import { JsonScanner, token } from '../../../src/sdk/records/json-scanner.ts';
import { type JsonTree, parseJsonTree } from '../../../src/sdk/records/json-tree.ts';
import { showItem } from '../../../src/sdk/records/show-html.ts';
import {
  bytesBetween,
  decodeSkeleton,
  encodeSkeleton,
  rebuildFile,
} from '../../../src/sdk/records/skeleton.ts';
import type { Target, TargetModule } from '../target.ts';
import { mustEqual } from './codec.ts';

const jsonCodes = [
  ...(['JSON_INVALID', 'JSON_DUPLICATE_KEY', 'BUNDLE_TOO_DEEP', 'RESOURCE_INVALID'] as const),
];
const fileCodes = [
  ...jsonCodes,
  ...(['FILE_EMPTY', 'FILE_TOO_LARGE', 'BUNDLE_TOO_LARGE', 'RESOURCE_TYPE'] as const),
  ...(['BUNDLE_TOO_MANY', 'BUNDLE_DUPLICATE_ID'] as const),
];
const words = [
  ...['"resourceType"', '"Bundle"', '"Patient"', '"Observation"', '"entry"', '"resource"', '"id"'],
  ...[
    '"category"',
    '"coding"',
    '"code"',
    '"meta"',
    '"document"',
    '"collection"',
    '"fullUrl"',
    '\n',
  ],
  ...[
    '{"resourceType":"Patient","id":"a"}',
    '{"resource":{"resourceType":"Patient"}}',
    '"history"',
  ],
];

/** Three patients of the examples, of each the first resource of every type, so that an input stays small. */
function patients(): unknown[] {
  const folder = new URL('../../../examples/patients/', import.meta.url);
  return [
    'Alejandro_Riojas_a9fcc685-c7a2-4474-bf25-26c8fe4b48f9.json',
    'Eboni_Brekke_ae30c5e1-23da-4ecd-a320-a2c6047f3a19.json',
    'Lemuel_Hodkiewicz_ece76cc5-d728-4ddd-a85d-a47de7d1649a.json',
  ].map((name) => {
    const bundle = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as {
      entry: { resource: { resourceType: string } }[];
    };
    const seen = new Set<string>();
    const entry = bundle.entry.filter(({ resource }) => {
      const isSmall = JSON.stringify(resource).length < 4_000;
      const isNew = isSmall && !seen.has(resource.resourceType);
      if (isNew) seen.add(resource.resourceType);
      return isNew;
    });
    return { ...bundle, entry };
  });
}

const resourcesOf = (bundle: unknown) =>
  (bundle as { entry: { resource: unknown }[] }).entry.map(({ resource }) => resource);

/** Cutting and joining gives the file back, whatever the file is. */
function cutter(name: string, fileName: string, seeds: readonly Uint8Array[]): TargetModule {
  return {
    open: (): Target => ({
      ...{ name, shape: 'json', seeds, words, allows: fileCodes },
      run: async (input) => {
        const { parts, byteLength } = cutFile(fileName, input);
        assert.equal(byteLength, input.length);
        let end = 0;
        const items = new Map<RecordId, Uint8Array>();
        const ranges = parts.map(({ offset, length }, i) => {
          assert.ok(offset >= end && length > 0, 'parts overlap');
          end = offset + length;
          assert.ok(end <= input.length, 'a part beyond the end');
          const recordId = recordIdOf(sha256(utf8(String(i))).slice(0, 16));
          items.set(recordId, input.subarray(offset, end));
          return { offset, length, recordId };
        });
        const skeleton = encodeSkeleton({
          ...{ fileName, fileHash: sha256(input), byteLength, ranges },
          between: bytesBetween(input, ranges),
        });
        const rebuilt = await rebuildFile(decodeSkeleton(skeleton), (id) => items.get(id));
        mustEqual(rebuilt, input, 'another file');
        // What is called a FHIR resource is one to everybody else; other JSON has no type.
        for (const { offset, length, facts } of parts) {
          if (facts === undefined) continue;
          const value: unknown = JSON.parse(utf8ToText(input.subarray(offset, offset + length)));
          const type: unknown = Reflect.get(Object(value), 'resourceType');
          // Half of an escaped pair is U+FFFD to the scanner, and kept by `JSON.parse`.
          assert.equal(
            typeof type === 'string' ? type.replace(/\p{Cs}/gu, '\ufffd') : '',
            facts.resourceType,
          );
        }
      },
    }),
  };
}

const bundles = (): Uint8Array[] => patients().map((bundle) => utf8(JSON.stringify(bundle)));

export const fhir = cutter('fhir', 'a.json', [
  ...bundles(),
  ...patients().flatMap((bundle) =>
    resourcesOf(bundle).map((one) => utf8(JSON.stringify(one, null, 1))),
  ),
]);

export const ndjson = cutter('ndjson', 'a.ndjson', [
  ...patients().map((bundle) =>
    utf8(
      resourcesOf(bundle)
        .slice(0, 8)
        .map((one) => JSON.stringify(one))
        .join('\n'),
    ),
  ),
]);

/** The name says nothing: the bytes decide what it is. */
export const anyFiles = cutter('any-files', 'a', [
  ...bundles().slice(0, 1),
  utf8('{"resourceType":"Patient"}\n{"resourceType":"Patient","id":"b"}\n'),
  utf8('\ufeff {"resourceType":"Patient"}\r\n'),
  utf8('%PDF-1.4 nothing'),
  utf8('a,b\n1,2\n'),
  Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0),
]);

/** The scanner takes a subset of JSON and sees in it what `JSON.parse` sees. */
export const json: TargetModule = {
  open(): Target {
    const made = fc.sample(fc.jsonValue({ maxDepth: 4 }), { seed: 2, numRuns: 30 });
    const resources = patients().flatMap(resourcesOf).slice(0, 12);
    const seeds = [...made, ...resources].map((value) => utf8(JSON.stringify(value)));
    return {
      ...{ name: 'json', shape: 'json', seeds, words, allows: jsonCodes },
      run: (input) => {
        const tree = parseJsonTree(input);
        const text = utf8ToText(input).replace(/^\ufeff/, '');
        const plain = plainOf(tree);
        // Half of an escaped pair is U+FFFD: the two then say so each in its way.
        if (/\\ud[89a-f]/i.test(text)) return checkPlaces(input);
        if (!isDeepStrictEqual(plain, JSON.parse(text))) {
          assert.deepEqual(plain, parsedAfresh(text), 'another value');
        }
        checkPlaces(input);
      },
    };
  },
};

/**
 * What `JSON.parse` sees when it has seen nothing before. V8 13.6 takes an escaped name for the one that stood
 * there in an earlier text, when that one ends with a backslash: after `{"\\":1}` it reads `{"\u0061":1}` so.
 */
function parsedAfresh(text: string): unknown {
  return structuredClone(runInNewContext('JSON.parse(text)', { text }));
}

/** With `Object.create(null)` nothing is inherited, as nothing is in what JSON.parse makes but its prototype. */
function plainOf(tree: JsonTree): unknown {
  switch (tree.kind) {
    case 'object': {
      const entries = [...tree.fields].map(([name, value]) => [name, plainOf(value)] as const);
      return Object.fromEntries(entries);
    }
    case 'array':
      return tree.items.map(plainOf);
    case 'text':
      return tree.text;
    case 'number':
      return Number(tree.spelling);
    default:
      return JSON.parse(tree.word);
  }
}

/** Tokens lie in order, and every value is JSON by itself. */
function checkPlaces(input: Uint8Array): void {
  const bom = input[0] === 0xef ? 3 : 0;
  const scanner = new JsonScanner(input, bom);
  let end = bom;
  for (let kind = scanner.next(); kind !== token.end; kind = scanner.next()) {
    assert.ok(scanner.start >= end && scanner.end > scanner.start, 'tokens overlap');
    ({ end } = scanner);
    if (kind === token.string || kind === token.number || kind === token.literal) {
      JSON.parse(utf8ToText(input.subarray(scanner.start, scanner.end)));
    }
  }
  assert.equal(scanner.depth, 0);
}

/** What a reader opens on screen: never a script, whatever the record holds. */
export const shown: TargetModule = {
  open(): Target {
    const resources = patients().flatMap(resourcesOf);
    const narrative = {
      resourceType: 'Patient',
      text: {
        status: 'generated',
        div: '<div xmlns="http://www.w3.org/1999/xhtml"><b>a</b></div>',
      },
    };
    const seeds = [...resources, narrative].map((value) => utf8(JSON.stringify(value)));
    const scripts = ['"<script>alert(1)</script>"', '"\\"><img src=x onerror=alert(1)>"'];
    return {
      ...{ name: 'shown', shape: 'json', seeds, words: [...words, ...scripts], allows: fileCodes },
      run: (input) => {
        const html = htmlOf(input);
        assert.doesNotMatch(html, /<script|<iframe|<object|<a [^>]*javascript:/i);
        assert.doesNotMatch(html.replaceAll(/"[^"]*"/g, ''), /<[^>]*\son\w+\s*=/i);
      },
    };
  },
};

function htmlOf(input: Uint8Array): string {
  return showItem({
    ...{ name: 'A record', mediaType: 'application/fhir+json', recordClass: 'lab' },
    ...{ writtenMs: 1_700_000_000_000, authorName: 'Ada', bytes: input },
  });
}
