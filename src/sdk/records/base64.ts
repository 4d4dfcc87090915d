import { base64urlToBytes, bytesToBase64url } from '../../primitives/bytes.ts';

/** RFC 4648 section 4, with padding. */
export function bytesToBase64(bytes: Uint8Array): string {
  const text = bytesToBase64url(bytes).replaceAll('-', '+').replaceAll('_', '/');
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=');
}

/** Undefined unless it is base64; blanks between are allowed, as FHIR has them. */
export function base64ToBytes(text: string): Uint8Array | undefined {
  const plain = text.replace(/\s+/g, '').replace(/={1,2}$/, '');
  if (/[^A-Za-z0-9+/]/.test(plain)) return undefined;
  return base64urlToBytes(plain.replaceAll('+', '-').replaceAll('/', '_'));
}
