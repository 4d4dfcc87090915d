/** SHA-256 of a text, 32 bytes: names that are compared and mean nothing. */
export async function sha256Text(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
}
