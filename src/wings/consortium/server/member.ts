import { z } from 'zod';
import { CodedError } from '../../../primitives/errors.ts';
import { isMemberName, memberNameOf } from '../../../server/home-members.ts';
import { hostText, urlText } from '../../../server/member/network.ts';

/** Where the services of one member's machine listen. */
const ports = z
  .strictObject({
    /** People and other hospitals: the gateway. */
    gateway: z.int().min(1).max(65_535).default(7_420),
    /** CometBFT to CometBFT. */
    p2p: z.int().min(1).max(65_535).default(26_656),
    /** CometBFT to its own machine. */
    rpc: z.int().min(1).max(65_535).default(26_657),
    /** Blobs, store to store. */
    storage: z.int().min(1).max(65_535).default(4_001),
    /** Gateway to gateway, by certificates. */
    peers: z.int().min(1).max(65_535).default(7_421),
  })
  .prefault({});

/** One member as whoever founds the consortium describes it. */
const described = z.strictObject({
  /** As people read it. */
  name: z.string().trim().min(1).max(100),
  /** As it stands in addresses; missing: made of the name. */
  short: z.string().optional(),
  /** Where people reach it, without the member's own path. */
  url: urlText,
  /** A name or address under which the other members reach its machine. */
  host: hostText,
  ports,
});

const membersFile = z.strictObject({
  /** 1 to 50 letters, digits, `-`, `_` or `.`. */
  chain: z.string().regex(/^[A-Za-z0-9._-]{1,50}$/),
  members: z.array(described).min(1).max(100),
});

export type Ports = Readonly<z.infer<typeof ports>>;

/** A member to be: where it is, and what it is called. */
export interface PlannedMember {
  readonly name: string;
  readonly title: string;
  readonly url: string;
  readonly host: string;
  readonly ports: Ports;
}

export interface PlannedConsortium {
  readonly chain: string;
  readonly members: readonly PlannedMember[];
}

/**
 * A members file: JSON `{chain, members: [{name, short?, url, host, ports?}...]}`. Throws MEMBERS_INVALID {at},
 * MEMBERS_DUPLICATE {what, value}.
 */
export function parseMembers(text: string): PlannedConsortium {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CodedError('MEMBERS_INVALID', { problem: 'this is no JSON' }, cause);
  }
  const read = membersFile.safeParse(value);
  if (!read.success) {
    const [issue] = read.error.issues;
    throw new CodedError('MEMBERS_INVALID', { at: issue?.path.join('.') ?? '' });
  }
  const { chain, members } = read.data;
  const planned = members.map(plan);
  requireDistinct(planned);
  return { chain, members: planned };
}

/** Throws MEMBERS_INVALID. */
export function plan(member: z.infer<typeof described>): PlannedMember {
  const { name: title, short, url, host, ports } = member;
  const name = short ?? memberNameOf(title);
  if (!isMemberName(name)) throw new CodedError('MEMBERS_INVALID', { at: 'short', name: title });
  return { name, title, url: url.replace(/\/$/, ''), host, ports };
}

/** As `plan`, of what flags say. Throws MEMBERS_INVALID {at}. */
export function parseMember(said: z.input<typeof described>): PlannedMember {
  const read = described.safeParse(said);
  if (read.success) return plan(read.data);
  throw new CodedError('MEMBERS_INVALID', { at: read.error.issues[0]?.path.join('.') ?? '' });
}

/** No two with one name or place. Throws MEMBERS_DUPLICATE {what, value}. */
export function requireDistinct(members: readonly PlannedMember[]): void {
  const once = (what: string, values: readonly string[]) => {
    const twice = values.find((value, at) => values.indexOf(value) !== at);
    if (twice !== undefined) throw new CodedError('MEMBERS_DUPLICATE', { what, value: twice });
  };
  once(
    'short',
    members.map(({ name }) => name),
  );
  once(
    'name',
    members.map(({ title }) => title),
  );
  once(
    'url',
    members.map(({ url, name }) => `${url}/${name}`),
  );
  // One machine may play several: then each has ports of its own.
  once(
    'port',
    members.flatMap(({ host, ports }) => Object.values(ports).map((port) => `${host}:${port}`)),
  );
}
