import * as z from 'zod/mini';

const kibibyte = 1024;

/**
 * What a session between two devices may cost, at both ends: the gateway holds it against what comes, a device
 * against what it sends, reads and waits for. Source: docs/protocol/devices.md, rules D-7 and D-8.
 */
export const relayLimits = {
  /** Nothing of a session is left after this, neither at the gateway nor at a device. */
  sessionMs: 2 * 60_000,
  /** One account may have so many open at a time. */
  openSessions: 2,
  smallSlotBytes: 8 * kibibyte,
  /** What is handed over, padded, is 8 MiB at most; before it stand an encapsulation and a nonce, behind it a tag. */
  releaseSlotBytes: 8 * kibibyte * kibibyte + 2 * kibibyte,
  /** A reader waits for a slot so long before he asks again. */
  waitMs: 5_000,
  /** So many readers may wait in one session. */
  waitingReaders: 8,
} as const;

/** The messages of one session, by number; each is written once. (The fifth, six digits, goes by a person.) */
export const relaySlots = { key: 1, commitment: 2, nonce: 3, reveal: 4, release: 6 } as const;
export type RelaySlot = (typeof relaySlots)[keyof typeof relaySlots];

export function maxSlotBytes(slot: RelaySlot): number {
  return slot === relaySlots.release ? relayLimits.releaseSlotBytes : relayLimits.smallSlotBytes;
}

/** 16 random bytes: who knows them reads the session, and may answer in it. */
export const relaySessionText: z.ZodMiniString = z.string().check(z.regex(/^[0-9a-f]{32}$/));

/** In a path a slot is a digit. */
const digits: Readonly<Record<`${RelaySlot}`, RelaySlot>> = { 1: 1, 2: 2, 3: 3, 4: 4, 6: 6 };
const slotText = (slots: readonly `${RelaySlot}`[]) =>
  z.pipe(
    z.enum(slots),
    z.transform((slot): RelaySlot => digits[slot]),
  );

/** What the account writes that opened the session, with the first of them. */
export const openersSlotText = slotText(['1', '3', '6']);
/** What the device writes that has no account. */
export const answerersSlotText = slotText(['2', '4']);
export const anySlotText = slotText(['1', '2', '3', '4', '6']);
