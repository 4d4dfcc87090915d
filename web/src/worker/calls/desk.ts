import {
  CodedError,
  formatInvitationLink,
  isCoded,
  parseAccountId,
  RegistrationDesk,
  type Role,
  readCardText,
} from '@salus/salus/sdk/browser';
import { AppError, type Call } from '../call.ts';
import { onDevice } from '../device.ts';
import { bufferOf, type SavedFile } from '../proof-view.ts';
import { siteOf } from '../site.ts';
import { cardFileName } from './code.ts';

/** A desk that is open in this browser. Its token does what a desk does, for twelve hours, and is in no address. */
interface OpenDesk {
  readonly token: string;
  readonly expiresMs: number;
  readonly hospital: string;
  /** Its short name: the path below which it answers. */
  readonly path: string;
}

export interface DeskView {
  readonly hospital: string;
  readonly expiresMs: number;
}

/** An invitation as a desk shows it: as a link for a camera, and for a sheet. */
export interface InvitationView {
  readonly id: string;
  /** Opens the app of this hospital with the invitation; what stands behind `#` goes to no server. */
  readonly url: string;
  readonly link: string;
  readonly expiresMs: number;
  /** Accounts of this role that carry the same name already. */
  readonly sameName: number;
}

export interface ListedInvitationView {
  readonly id: string;
  readonly role: string;
  readonly state: 'waiting' | 'used' | 'ended' | 'expired';
  readonly createdMs: number;
  readonly expiresMs: number;
  readonly name: string | undefined;
  readonly account: string | undefined;
}

export interface FoundView {
  readonly account: string;
  readonly name: string | undefined;
  readonly role: string;
  readonly frozen: boolean;
  /** To hand out: as text, for a QR code, and as a file. A patient's is her own to give. */
  readonly card: { readonly link: string; readonly file: SavedFile } | undefined;
}

const place = 'desk';

async function kept(): Promise<OpenDesk | undefined> {
  const held = (await onDevice('notes', 'readonly', (store) => store.get(place))) as
    | OpenDesk
    | undefined;
  return held !== undefined && held.expiresMs > Date.now() ? held : undefined;
}

const forget = () => onDevice('notes', 'readwrite', (store) => store.delete(place));

/** Throws DESK_ENDED: no desk is open here, or its session is over. */
async function atDesk<T>(work: (desk: RegistrationDesk, open: OpenDesk) => Promise<T>): Promise<T> {
  const open = await kept();
  if (open === undefined) throw new AppError('DESK_ENDED');
  const desk = new RegistrationDesk(`${self.location.origin}/${open.path}`, open.token);
  try {
    return await work(desk, open);
  } catch (error) {
    if (!isCoded(error, 'UNAUTHENTICATED')) throw error;
    await forget();
    throw new AppError('DESK_ENDED');
  }
}

/** Opens this browser's desk by what stood behind `#`: `north/LINK`. Throws UNAUTHENTICATED. */
const open: Call<{ readonly link: string }, DeskView> = async (_session, { link }, { signal }) => {
  const [path = '', secret = ''] = link.split('/');
  const { hospitals } = await siteOf();
  if (!hospitals.some((it) => it.name === path)) throw new CodedError('UNAUTHENTICATED');
  const opened = await RegistrationDesk.open(`${self.location.origin}/${path}`, secret, signal);
  const desk: OpenDesk = { ...opened, path };
  await onDevice('notes', 'readwrite', (store) => store.put(desk, place));
  return { hospital: desk.hospital, expiresMs: desk.expiresMs };
};

/** The desk of a demo's hospital, for who tries it. */
const openDemo: Call<void, DeskView> = async (session, _input, work) => {
  const response = await fetch('/app/demo/desk', { method: 'POST' });
  if (!response.ok) throw new AppError('DEMO_GONE');
  const { link } = (await response.json()) as { readonly link: string };
  return open(session, { link }, work);
};

/** Undefined: no desk is open here. */
const state: Call<void, DeskView | null> = async () => {
  const held = await kept();
  return held === undefined ? null : { hospital: held.hospital, expiresMs: held.expiresMs };
};

const close: Call<void, void> = async () => {
  await forget();
};

async function shown(
  desk: RegistrationDesk,
  role: Role,
  issued: { readonly id: string; readonly invitation: string; readonly expiresMs: number },
  sameName: number,
): Promise<InvitationView> {
  const { genesisHash } = await desk.hospital();
  const link = formatInvitationLink({
    gatewayUrl: desk.url,
    role,
    genesisHash,
    code: issued.invitation,
  });
  const url = `${self.location.origin}/join#${encodeURIComponent(link)}`;
  return { id: issued.id, url, link, expiresMs: issued.expiresMs, sameName };
}

const invite: Call<
  { readonly role: string; readonly name: string; readonly licence: string },
  InvitationView
> = (_session, { role, name, licence }) =>
  atDesk(async (desk) => {
    const invited = role as Exclude<Role, 'organisation'>;
    const issued = await desk.invite({ role: invited, name, licence });
    return shown(desk, invited, issued, issued.sameName.length);
  });

const reissue: Call<{ readonly id: string }, InvitationView> = (_session, { id }) =>
  atDesk(async (desk) => {
    const issued = await desk.reissue(id);
    return shown(desk, issued.role, { ...issued, id }, 0);
  });

const cancel: Call<{ readonly id: string }, void> = (_session, { id }) =>
  atDesk((desk) => desk.cancel(id));

const list: Call<void, readonly ListedInvitationView[]> = () =>
  atDesk(async (desk) =>
    (await desk.invitations(true)).map((it) => ({
      ...{ id: it.id, role: it.role, state: it.state, createdMs: it.createdMs },
      ...{ expiresMs: it.expiresMs, name: it.name, account: it.account },
    })),
  );

const lookUp: Call<{ readonly who: string }, readonly FoundView[]> = (_session, { who }) =>
  atDesk(async (desk) =>
    (await desk.lookUp(who)).map((it) => ({
      ...{ account: it.account, role: it.role, frozen: it.frozen },
      name: it.name,
      card: it.card === undefined ? undefined : handedOut(it.card, it.name ?? ''),
    })),
  );

const handedOut = (link: string, name: string) => ({
  link,
  file: { fileName: cardFileName(name), bytes: bufferOf(readCardText(link)) },
});

/** The account's device was stolen: its own printed sheet brings it back. */
const freeze: Call<{ readonly account: string }, void> = (_session, { account }) =>
  atDesk(async (desk) => {
    await desk.freeze(parseAccountId(account));
  });

export const deskCalls = {
  'desk.open': open,
  'desk.openDemo': openDemo,
  'desk.state': state,
  'desk.close': close,
  'desk.invite': invite,
  'desk.reissue': reissue,
  'desk.cancel': cancel,
  'desk.list': list,
  'desk.lookUp': lookUp,
  'desk.freeze': freeze,
};
