import { utf8, utf8ToText } from '../../../src/primitives/bytes.ts';
import { CodedError } from '../../../src/primitives/errors.ts';
import { accountIdOf } from '../../../src/primitives/ids.ts';
import { formatDeviceLink, parseDeviceLink } from '../../../src/sdk/devices/link.ts';
import { decodeReveal, encodeReveal } from '../../../src/sdk/devices/transcript.ts';
import { bytesOf } from '../../world.ts';
import { codecModule } from './codec.ts';

/** What somebody is handed as a link: it is read as it is written, or refused. */
export const deviceLinks = codecModule(() => ({
  ...{ name: 'device-links', shape: 'bytes' as const, allows: ['DEVICE_LINK_INVALID'] as const },
  seeds: ['https://north.example/salus', 'http://127.0.0.1:8080'].map((relay) =>
    utf8(
      formatDeviceLink({
        ...{ session: bytesOf('session').slice(0, 16), account: accountIdOf(bytesOf('ana')) },
        ...{ relay, keyHash: bytesOf('key') },
      }),
    ),
  ),
  decode: (bytes) => parseDeviceLink(typed(bytes)),
  encode: (link) => utf8(formatDeviceLink(link)),
  words: ['salus:device#', '-', '_', '=', 'A'],
}));

/** What a stranger shows in a new device’s place. */
export const deviceReveals = codecModule(() => ({
  ...{ name: 'device-reveals', decode: decodeReveal, encode: encodeReveal },
  seeds: [
    encodeReveal({
      ...{ kemKey: new Uint8Array(1_216).fill(1), nonce: bytesOf('nonce'), name: 'Telephone' },
      enc: new Uint8Array(1_120).fill(2),
    }),
  ],
  allows: ['CBOR_INVALID', 'CBOR_SHAPE', 'SUITE_UNKNOWN', 'TYPE_UNKNOWN'] as const,
  words: ['', '\u202e', '\n', 'x'.repeat(65)],
}));

function typed(bytes: Uint8Array): string {
  try {
    return utf8ToText(bytes);
  } catch {
    throw new CodedError('DEVICE_LINK_INVALID');
  }
}
