import type { AccountId, BlobId, TxId } from '../primitives/ids.ts';

/** Where each call lives, below a hospital's base URL. Source: docs/protocol/http.md, rule H-1. */
export const routePaths = {
  session: '/v1/session',
  submit: '/v1/tx',
  tx: '/v1/tx/:id',
  receipt: '/v1/tx/:id/receipt',
  header: '/v1/headers/:height',
  genesis: '/v1/genesis',
  state: '/v1/state/:table/:key',
  states: '/v1/state',
  blobs: '/v1/blobs',
  blob: '/v1/blobs/:id',
  items: '/v1/items',
  read: '/v1/read',
  erase: '/v1/erase',
  inbox: '/v1/inbox',
  inboxEntry: '/v1/inbox/:id',
  events: '/v1/events',
  wallet: '/v1/wallet/:locator',
  invitations: '/v1/invitations',
  enrol: '/v1/enrol',
  card: '/v1/cards/:account',
  who: '/v1/who',
} as const;

/** The same with the names filled in, for callers. */
export const paths = {
  session: routePaths.session,
  submit: (waitMs: number): string => `/v1/tx?waitMs=${waitMs}`,
  tx: (id: TxId): string => `/v1/tx/${id}`,
  receipt: (id: TxId): string => `/v1/tx/${id}/receipt`,
  header: (height: number | 'latest'): string => `/v1/headers/${height}`,
  genesis: routePaths.genesis,
  state: (table: string, keyHex: string, prove: boolean): string =>
    `/v1/state/${table}/${keyHex}${prove ? '?proof=1' : ''}`,
  states: routePaths.states,
  blobs: routePaths.blobs,
  blob: (id: BlobId, at?: AccountId): string => `/v1/blobs/${id}${at ? `?at=${at}` : ''}`,
  items: routePaths.items,
  ownItems: (account: AccountId, asked: { since: number; changed: number }, cursor = ''): string =>
    `/v1/items?account=${account}&since=${asked.since}&changed=${asked.changed}${cursor && `&cursor=${cursor}`}`,
  read: routePaths.read,
  erase: routePaths.erase,
  inbox: routePaths.inbox,
  inboxAfter: (after: number): string => `/v1/inbox?after=${after}`,
  inboxEntry: (id: number): string => `/v1/inbox/${id}`,
  events: routePaths.events,
  wallet: (locator: string): string => `/v1/wallet/${locator}`,
  invitations: routePaths.invitations,
  enrol: routePaths.enrol,
  card: (account: AccountId): string => `/v1/cards/${account}`,
  who: routePaths.who,
} as const;

/** The header that carries a ticket for bodies, as `POST /read` gave it. */
export const ticketHeader = 'x-salus-ticket';
export const carMediaType = 'application/vnd.ipld.car';
