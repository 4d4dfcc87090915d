import { fieldOf, type JsonTree, textOf } from '../json-tree.ts';

/** A resource as the rules of a headline read it, whether it was taken apart whole or not. */
export interface ReadableResource {
  readonly names: readonly string[];
  /** Somewhere inside stands a `modifierExtension` that is not empty. */
  readonly isModified: boolean;
  field(name: string): JsonTree | undefined;
  /** Undefined for an empty text, too. */
  text(...path: readonly [string, ...string[]]): string | undefined;
}

/** Follows names from a field inwards. */
export function textAlong(tree: JsonTree | undefined, path: readonly string[]): string | undefined {
  let at = tree;
  for (const name of path) at = fieldOf(at, name);
  const text = textOf(at);
  return text === '' || text === 'null' ? undefined : text;
}

/** A resource that is a tree already, as pages show it. */
export function readTree(tree: JsonTree): ReadableResource {
  return {
    names: tree.kind === 'object' ? [...tree.fields.keys()] : [],
    // It looks at the whole of it, which a name does not need.
    get isModified() {
      return isModified(tree);
    },
    field: (name) => fieldOf(tree, name),
    text: (first, ...rest) => textAlong(fieldOf(tree, first), rest),
  };
}

function isModified(tree: JsonTree): boolean {
  if (tree.kind === 'array') return tree.items.some(isModified);
  if (tree.kind !== 'object') return false;
  const extension = tree.fields.get('modifierExtension');
  if (extension?.kind === 'array' && extension.items.length > 0) return true;
  return [...tree.fields.values()].some(isModified);
}
