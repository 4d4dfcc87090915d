import type { CDPSession } from 'playwright-core';
import type { Visitor } from '../app.ts';

/** An authenticator of this browser alone, that verifies its owner by itself. */
export async function withAuthenticator({ context, page }: Visitor): Promise<CDPSession> {
  const session = await context.newCDPSession(page);
  await session.send('WebAuthn.enable');
  await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      ctap2Version: 'ctap2_1',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      hasPrf: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return session;
}

export const passphrase = 'four words nobody joins';

/** Joins by passkey or passphrase, tries the sheet, and stands at home. Returns the sheet's code. */
export async function join(
  visitor: Visitor,
  by: 'passkey' | 'passphrase',
  deviceName?: string,
): Promise<string> {
  const { page, touches } = visitor;
  await touches.touch(page.getByRole('link', { name: 'Start my own record' }));
  const invitation = page.getByLabel('Invitation');
  while (!(await invitation.inputValue()).startsWith('salus:')) await page.waitForTimeout(50);
  if (deviceName !== undefined) {
    await page.getByLabel('What this device is called in your list').fill(deviceName);
  }
  if (by === 'passkey') {
    await touches.touch(page.getByRole('button', { name: 'Open it with a passkey' }));
  } else {
    await page.getByLabel('Or choose a passphrase').fill(passphrase);
    await touches.touch(page.getByRole('button', { name: 'Open it with this passphrase' }));
  }
  const shown = page.getByTestId('sheet-code');
  await shown.waitFor({ timeout: 60_000 });
  const code = (await shown.textContent()) ?? '';
  await page.evaluate('print = () => {}');
  await touches.touch(page.getByRole('button', { name: 'Print the sheet' }));
  await page.getByLabel('Type the code from the sheet').fill(code.toLowerCase());
  await touches.touch(page.getByRole('button', { name: 'Try it' }));
  await page.waitForURL('**/home');
  return code;
}
