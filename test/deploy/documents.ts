import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../cli/salus.ts';

/** A page for operators: what stands between its fences is what is tried. */
export class Page {
  readonly #text: string;
  readonly #path: string;

  /** `path` from the root of the repository. */
  constructor(path: string) {
    this.#path = path;
    this.#text = readFileSync(join(root, path), 'utf8');
  }

  /** The one block of commands that holds these words. */
  commands(words: string): string {
    return this.#block('sh', words);
  }

  /** The one block of JSON that holds these words. */
  json(words: string): string {
    return this.#block('json', words);
  }

  #block(kind: string, words: string): string {
    const fences = this.#text.matchAll(new RegExp(`^( *)\`\`\`${kind}\n(.*?)\n\\1\`\`\`$`, 'gms'));
    const found = [...fences].filter(([, , text = '']) => text.includes(words));
    assert.equal(found.length, 1, `${this.#path}: blocks of ${kind} with "${words}"`);
    const [, indent = '', text = ''] = found[0] ?? [];
    return text.replaceAll(new RegExp(`^${indent}`, 'gm'), '');
  }
}
