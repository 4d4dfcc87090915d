import { JsonScanner, token } from './json-scanner.ts';
import { lengthOfByteOrderMark } from './media-type.ts';

/** JSON for showing: numbers keep their spelling, since 1.10 and 1.1 are two results. */
export type JsonTree =
  | { readonly kind: 'object'; readonly fields: ReadonlyMap<string, JsonTree> }
  | { readonly kind: 'array'; readonly items: readonly JsonTree[] }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'number'; readonly spelling: string }
  | { readonly kind: 'literal'; readonly word: string };

type Open =
  | { readonly kind: 'object'; readonly fields: Map<string, JsonTree> }
  | { readonly kind: 'array'; readonly items: JsonTree[] };

/** Throws what the scanner throws. */
export function parseJsonTree(bytes: Uint8Array): JsonTree {
  const scanner = new JsonScanner(bytes, lengthOfByteOrderMark(bytes));
  const opened: Open[] = [];
  const names: string[] = [];
  let whole: JsonTree = { kind: 'literal', word: 'null' };
  const put = (value: JsonTree): void => {
    const parent = opened.at(-1);
    if (parent === undefined) whole = value;
    else if (parent.kind === 'array') parent.items.push(value);
    else parent.fields.set(names.pop() ?? '', value);
  };
  const open = (value: Open): void => {
    put(value);
    opened.push(value);
  };
  for (let kind = scanner.next(); kind !== token.end; kind = scanner.next()) {
    if (kind === token.objectOpen) open({ kind: 'object', fields: new Map() });
    else if (kind === token.arrayOpen) open({ kind: 'array', items: [] });
    else if (kind === token.key) names.push(scanner.keyText());
    else if (kind === token.string) put({ kind: 'text', text: scanner.text() });
    else if (kind === token.number) put({ kind: 'number', spelling: spellingAt(scanner) });
    else if (kind === token.literal) put({ kind: 'literal', word: spellingAt(scanner) });
    else opened.pop();
  }
  return whole;
}

function spellingAt({ bytes, start, end }: JsonScanner): string {
  return String.fromCharCode(...bytes.subarray(start, Math.min(end, start + 1024)));
}

/** Undefined: no object, or without that field. */
export function fieldOf(tree: JsonTree | undefined, name: string): JsonTree | undefined {
  return tree?.kind === 'object' ? tree.fields.get(name) : undefined;
}

/** The text of a string, number or literal; undefined for anything else. */
export function textOf(tree: JsonTree | undefined): string | undefined {
  if (tree?.kind === 'text') return tree.text;
  if (tree?.kind === 'number') return tree.spelling;
  return tree?.kind === 'literal' ? tree.word : undefined;
}

/** The items of an array; a lone value is a list of one, nothing an empty one. */
export function listOf(tree: JsonTree | undefined): readonly JsonTree[] {
  if (tree === undefined) return [];
  return tree.kind === 'array' ? tree.items : [tree];
}
