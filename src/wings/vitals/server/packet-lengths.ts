/** Watches the lengths that the packets of an MQTT connection name (MQTT 3.1.1, 2.2.3), before anything is kept of them. */
export class PacketLengths {
  readonly #most: number;
  /** Bytes of the packet that are still to come. */
  #left = 0;
  /** Of a length: what was read of it, and how many of its bytes. */
  #length = 0;
  #bytesOfLength = -1;

  constructor(most: number) {
    this.#most = most;
  }

  /** False: a packet is longer than may be, or says no length. */
  isWithin(bytes: Uint8Array): boolean {
    for (let at = 0; at < bytes.length; ) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, bytes.length - at);
        this.#left -= taken;
        at += taken;
      } else if (!this.#isHeadWithin(bytes[at++] ?? 0)) return false;
    }
    return true;
  }

  /** The byte of its kind, then up to four of 7 bits each, the lowest first. */
  #isHeadWithin(byte: number): boolean {
    if (this.#bytesOfLength < 0) {
      [this.#bytesOfLength, this.#length] = [0, 0];
      return true;
    }
    this.#length += (byte & 0x7f) * 128 ** this.#bytesOfLength;
    this.#bytesOfLength += 1;
    if ((byte & 0x80) !== 0) return this.#bytesOfLength < 4;
    [this.#left, this.#bytesOfLength] = [this.#length, -1];
    return this.#length <= this.#most;
  }
}
