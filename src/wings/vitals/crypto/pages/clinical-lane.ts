/** 16-bit numbers as they travel, little-endian: the order of a typed array's bytes is the machine's. */
export function codesToBytes(codes: Uint16Array): Uint8Array {
  const bytes = new Uint8Array(2 * codes.length);
  for (const [i, code] of codes.entries()) {
    bytes[2 * i] = code & 255;
    bytes[2 * i + 1] = code >> 8;
  }
  return bytes;
}

export function bytesToCodes(bytes: Uint8Array): Uint16Array {
  const codes = new Uint16Array(bytes.length / 2);
  for (let i = 0; i < codes.length; i++)
    codes[i] = (bytes[2 * i] ?? 0) | ((bytes[2 * i + 1] ?? 0) << 8);
  return codes;
}

/** The clinical codes of a page, n x k, from what the three servers keep of them: their sum mod 2^16. Rule VP-10. */
export function joinClinical(parts: readonly Uint8Array[]): Uint16Array {
  const [first = new Uint8Array(0), ...rest] = parts;
  const codes = bytesToCodes(first);
  for (const part of rest) {
    for (const [i, code] of bytesToCodes(part).entries()) codes[i] = (codes[i] ?? 0) + code;
  }
  return codes;
}
