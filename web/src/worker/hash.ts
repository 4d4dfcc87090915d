/** SHA-256 of a text, 32 bytes: names that are compared and mean nothing. */
export async function sha256Text(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
}

/** SHA-256 of bytes, in hex. */
export async function sha256Of(bytes: Uint8Array): Promise<string> {
  return hexOf(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as BufferSource)));
}

export const hexOf = (bytes: Uint8Array): string =>
  Array.from(bytes, (it) => it.toString(16).padStart(2, '0')).join('');
