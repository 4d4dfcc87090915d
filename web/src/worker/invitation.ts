import { CodedError, readInvitation } from '@salus/salus/sdk/browser';
import { AppError } from './call.ts';
import { type Site, siteOf } from './site.ts';

/** What a desk gave: its link, or its code and at which hospital that is. */
export interface Invited {
  readonly invitation: string;
  /** Needed with a code alone, at a server of several hospitals: the short name. */
  readonly hospital?: string | undefined;
}

/**
 * Where an invitation leads: hospitals answer below the address that the app came from, whatever the link calls it. Throws
 * INVITATION_INVALID.
 */
export async function whereTo({ invitation, hospital }: Invited): Promise<{
  readonly read: ReturnType<typeof readInvitation>;
  readonly hospital: Site['hospitals'][number];
}> {
  const read = readInvitation(invitation);
  const { hospitals } = await siteOf();
  const path =
    read.gatewayUrl === undefined ? hospital : new URL(read.gatewayUrl).pathname.split('/').at(-1);
  const found =
    hospitals.find((it) => it.name === path) ?? (hospitals.length === 1 ? hospitals[0] : undefined);
  if (found === undefined) throw new CodedError('INVITATION_INVALID');
  return { read, hospital: found };
}

/** A new invitation of a demo's desk: for a newcomer, or for one of its people at another hospital. Throws DEMO_GONE. */
export async function demoInvitation(asked: {
  readonly hospital?: string;
  readonly person?: string;
}): Promise<{ readonly link: string }> {
  const response = await fetch('/app/demo/invitation', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(asked),
  });
  if (!response.ok) throw new AppError('DEMO_GONE');
  return (await response.json()) as { readonly link: string };
}
