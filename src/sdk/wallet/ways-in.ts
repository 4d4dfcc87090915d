import { sha256 } from '../../crypto/hash.ts';
import { concatBytes, utf8 } from '../../primitives/bytes.ts';
import { bytes, oneOf, struct, uint } from '../../primitives/shape.ts';
import { type Drawer, entriesOf, type HasDrawers, withEntry } from './drawer.ts';

/** One way into a wallet, and when it last opened it: a way that was never tried may be none. */
export interface WayIn {
  readonly kind: 'passkey' | 'passphrase' | 'sheet' | 'device';
  /**
   * Which of its kind: a passkey's credential id, a device's root id; of a passphrase the root id of the device that it
   * opens; of a printed sheet the code's check (W-4).
   */
  readonly id: Uint8Array;
  readonly workedMs: number;
}

/** First the time: the larger bytes stay, so the later day wins on every device. */
const shape = struct({
  workedMs: uint,
  kind: oneOf(['passkey', 'passphrase', 'sheet', 'device'] as const),
  id: bytes(),
});

/** Key: the kind, and the hash of what tells two of one kind apart. Source: docs/protocol/wallet.md, rule W-33. */
const drawer: Drawer<WayIn> = {
  wing: 'ways-in',
  entry: shape,
  key: ({ kind, id }) => concatBytes(utf8(kind), Uint8Array.of(0), sha256(id)),
};

/** Those that worked at least once. */
export const waysIn = (content: HasDrawers): readonly WayIn[] => entriesOf(content, drawer);

/** With the day on which it worked. Throws DRAWER_FULL. */
export function withWay<Content extends HasDrawers>(content: Content, way: WayIn): Content {
  return withEntry(content, drawer, way);
}
