import { parseXml, textInside, type XmlElement } from './cda/xml.ts';
import type { JsonTree } from './json-tree.ts';
import { bareMediaType } from './media-type.ts';
import { resourceTypes } from './resource-types.ts';

export const fhirXmlMediaType = 'application/fhir+xml';

/**
 * A resource of FHIR as XML, as the same tree that its JSON gives, so that it is named, labelled and shown by the same
 * rules. Undefined: it is none, or beyond the limits of `parseXml`. Never throws.
 *
 * Source: docs/protocol/items.md, rule I-10d.
 */
export function readFhirXml(mediaType: string, bytes: Uint8Array): JsonTree | undefined {
  return bareMediaType(mediaType) === fhirXmlMediaType ? fhirTreeOf(parseXml(bytes)) : undefined;
}

export function fhirTreeOf(root: XmlElement | undefined): JsonTree | undefined {
  return root !== undefined && resourceTypes.has(root.name) ? resource(root) : undefined;
}

/** What may stand several times, and is read as a list where it stands once. */
const lists = new Set([
  ...['category', 'coding', 'contained', 'entry', 'extension', 'modifierExtension', 'name'],
  ...['section', 'security', 'component', 'identifier', 'referenceRange'],
]);
const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

function resource(element: XmlElement): JsonTree {
  const type: JsonTree = { kind: 'text', text: element.name };
  return { kind: 'object', fields: new Map([['resourceType', type], ...fieldsOf(element)]) };
}

function valueIn(element: XmlElement): JsonTree {
  const { name, attributes, children } = element;
  if (name === 'div') {
    const words = textInside(element).replace(/[&<]/g, (it) => (it === '&' ? '&amp;' : '&lt;'));
    return { kind: 'text', text: words.replaceAll('\n', '<br/>') };
  }
  const [only, another] = children.filter((it) => typeof it !== 'string');
  if (only !== undefined && another === undefined && /^[A-Z]/.test(only.name)) {
    return resource(only);
  }
  const value = attributes.get('value');
  if (value === undefined) return { kind: 'object', fields: new Map(fieldsOf(element)) };
  // Of quantities it is a number; a text that looks like one is told in the same words.
  return name === 'value' && number.test(value)
    ? { kind: 'number', spelling: value }
    : { kind: 'text', text: value };
}

function fieldsOf({ attributes, children }: XmlElement): readonly (readonly [string, JsonTree])[] {
  const fields = new Map<string, JsonTree[]>();
  for (const [name, text] of attributes) {
    if (name === 'url' || name === 'id') fields.set(name, [{ kind: 'text', text }]);
  }
  for (const child of children) {
    if (typeof child === 'string') continue;
    const values = fields.get(child.name);
    if (values === undefined) fields.set(child.name, [valueIn(child)]);
    else values.push(valueIn(child));
  }
  return [...fields].map(([name, items]): readonly [string, JsonTree] => {
    const [first] = items;
    const isOne = items.length === 1 && first !== undefined && !lists.has(name);
    return [name, isOne ? first : { kind: 'array', items }];
  });
}
