import { AppError } from './call.ts';
import { deviceKey } from './device.ts';

const letters = 'abcdefghjkmnpqrstuvwxyz23456789';
const length = 6;

/**
 * Short names for paths: `/item/k3f9ab`. Drawn from the id by a key of this browser, so that the same record has the
 * same path here after a reload, and a path of one device means nothing on another and to nobody else.
 */
export class Handles {
  readonly #ids = new Map<string, string>();
  readonly #key = deviceKey('handles');

  async of(id: string): Promise<string> {
    const key = await this.#key;
    const mac = new Uint8Array(await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(id)));
    const handle = Array.from(mac.subarray(0, length), (it) => letters[it % letters.length]).join(
      '',
    );
    this.#ids.set(handle, id);
    return handle;
  }

  /** Throws HANDLE_UNKNOWN: of another device, or nothing with this handle was listed since the wallet was opened. */
  idOf(handle: string): string {
    const id = this.#ids.get(handle);
    if (id === undefined) throw new AppError('HANDLE_UNKNOWN');
    return id;
  }

  has(handle: string): boolean {
    return this.#ids.has(handle);
  }
}
