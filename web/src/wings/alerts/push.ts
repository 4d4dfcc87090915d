import { bytesOf, textOf } from './base64url.ts';

/** What a browser answered to being asked for pushes: an address to seal, or why there is none. */
export type PushAnswer =
  | { readonly kind: 'given'; readonly address: string }
  | { readonly kind: 'denied' | 'cannot' };

/**
 * Asks this browser for pushes of one sender, with a question of its own to whoever sits there. The address is
 * `ENDPOINT#P256DH.AUTH` (docs/protocol/alerts.md, AL-15).
 */
export async function askForPushes(pushKey: string): Promise<PushAnswer> {
  const registration = await navigator.serviceWorker?.getRegistration();
  if (registration?.pushManager === undefined || typeof Notification === 'undefined') {
    return { kind: 'cannot' };
  }
  if ((await Notification.requestPermission()) !== 'granted') return { kind: 'denied' };
  try {
    // One of another hospital, or of before, would be answered to nobody.
    await (await registration.pushManager.getSubscription())?.unsubscribe();
    const subscription = await registration.pushManager.subscribe({
      userVisibleOnly: true,
      applicationServerKey: bytesOf(pushKey),
    });
    const [p256dh, auth] = [subscription.getKey('p256dh'), subscription.getKey('auth')];
    if (p256dh === null || auth === null) return { kind: 'cannot' };
    const address = `${subscription.endpoint}#${keyText(p256dh)}.${keyText(auth)}`;
    return { kind: 'given', address };
  } catch {
    // A browser without a push service says so only now.
    return { kind: 'cannot' };
  }
}

/** Whether this very browser gave the address that is pushed to. */
export async function isPushedHere(endpoint: string): Promise<boolean> {
  const registration = await navigator.serviceWorker?.getRegistration();
  return (await registration?.pushManager?.getSubscription())?.endpoint === endpoint;
}

/** This browser gives the address back: nothing reaches it any more. */
export async function endPushes(): Promise<void> {
  const registration = await navigator.serviceWorker?.getRegistration();
  const subscription = await registration?.pushManager?.getSubscription();
  await subscription?.unsubscribe();
}

const keyText = (key: ArrayBuffer): string => textOf(new Uint8Array(key));
