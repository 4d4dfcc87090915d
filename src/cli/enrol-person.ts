import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { CodedError, isCoded } from '../primitives/errors.ts';
import {
  displayName,
  type InvitationLink,
  type Person,
  type Role,
  readInvitation,
  sameTrustWords,
  trustWords,
  type WalletAccount,
} from '../sdk/index.ts';
import { localHospitals } from '../server/desk.ts';
import { localDesk } from '../server/registration-desk.ts';
import { keepHomeCards } from './cards.ts';

export interface EnrolPlan {
  readonly home: string;
  /** The wallet's name. */
  readonly name: string;
  /** Undefined: as the sheet's link says, else a patient. */
  readonly role?: Role | undefined;
  /** One of this machine, at whose desk this command stands; or else `gatewayUrl` and `invitation`. */
  readonly hospital?: string | undefined;
  readonly gatewayUrl?: string | undefined;
  /** The one-time code, or the link of the sheet. */
  readonly invitation?: string | undefined;
  /** What the desk of this machine writes down; who brings an invitation has the name that stands in it. */
  readonly fullName?: string | undefined;
  readonly licence?: string | undefined;
  readonly code?: string | undefined;
  readonly trustRootJson?: string | undefined;
  /** The words on the sheet, as they were typed. */
  readonly trustWords?: string | undefined;
  /** Asks somebody whether these are the words; undefined: nobody is there. */
  readonly askWords?: ((words: readonly string[]) => Promise<boolean | undefined>) | undefined;
  /** Told to who stands at the desk. */
  readonly note?: ((text: string) => void) | undefined;
  readonly signal: AbortSignal;
}

type Begun = Partial<InvitationLink> & Pick<InvitationLink, 'gatewayUrl' | 'code' | 'role'>;

/**
 * Enrols, and leaves the public card in the home. What was begun is written down first: a hospital that has
 * enrolled somebody whose answer was lost gives the same answer to the same invitation.
 */
export async function enrolPerson(person: Person, plan: EnrolPlan): Promise<WalletAccount> {
  const { home, name, hospital, signal } = plan;
  const path = join(home, 'people', `${name}.enrolling`);
  const begun = await begin(path, plan);
  try {
    const account = await person.enrol({
      gatewayUrl: begun.gatewayUrl,
      invitation: begun.code,
      role: begun.role,
      code: plan.code,
      withoutCopy: begun.role === 'device',
      trustRootJson: plan.trustRootJson ?? localTrustRoot(home, hospital),
      believes: (words) => believes(words, begun, plan),
      signal,
    });
    rmSync(path, { force: true });
    keepHomeCards(home, name, person);
    return account;
  } catch (error) {
    // A code that is worth nothing any more would be tried again for ever.
    if (isCoded(error, 'INVITATION_INVALID')) rmSync(path, { force: true });
    throw error;
  }
}

/** The sheet's own words decide, by its link or as they were typed; else who sits there; else the first word counts. */
async function believes(
  words: readonly string[],
  { genesisHash }: Begun,
  plan: EnrolPlan,
): Promise<boolean> {
  if (plan.trustWords !== undefined) return sameTrustWords(plan.trustWords, words);
  if (genesisHash !== undefined) return trustWords(genesisHash).join() === words.join();
  return (await plan.askWords?.(words)) ?? true;
}

async function begin(path: string, plan: EnrolPlan): Promise<Begun> {
  const { home, hospital, signal } = plan;
  const local = localHospitals(home).find((it) => it.name === hospital);
  if (plan.invitation !== undefined) {
    const said = readInvitation(plan.invitation);
    const gatewayUrl = plan.gatewayUrl ?? said.gatewayUrl ?? local?.url;
    if (gatewayUrl === undefined)
      throw new CodedError('MISSING', { problem: 'say --gateway or --hospital' });
    return { ...said, gatewayUrl, role: plan.role ?? said.role ?? 'patient' };
  }
  if (hospital === undefined) {
    throw new CodedError('MISSING', {
      problem: 'say --hospital, or --gateway and --invitation-file',
    });
  }
  const role = plan.role ?? 'patient';
  if (role === 'organisation') throw new CodedError('USAGE', { role });
  const { licence: typed } = plan;
  const stated = {
    name: displayName(plan.fullName ?? plan.name),
    licence: typed === undefined ? '' : displayName(typed, 'licence'),
  };
  const about = { hospital, role, ...stated };
  const kept = readBegun(path, about);
  if (kept !== undefined && local !== undefined) return { gatewayUrl: local.url, role, code: kept };
  const desk = localDesk(home, hospital, signal);
  const { invitation, sameName } = await desk.invite({ role, ...stated });
  if (sameName.length > 0) {
    plan.note?.(`An account of this role carries this name already: ${sameName.join(', ')}`);
  }
  mkdirSync(join(home, 'people'), { recursive: true, mode: 0o700 });
  writeFileSync(path, `${JSON.stringify({ ...about, invitation })}\n`, { mode: 0o600 });
  return { gatewayUrl: desk.url, role, code: invitation };
}

const begunFile = z.object({
  hospital: z.string(),
  role: z.string(),
  name: z.string(),
  licence: z.string(),
  invitation: z.string(),
});

/** The code of an enrolment that was begun for the same person at the same desk. */
function readBegun(
  path: string,
  about: Omit<z.infer<typeof begunFile>, 'invitation'>,
): string | undefined {
  try {
    const { invitation, ...kept } = begunFile.parse(JSON.parse(readFileSync(path, 'utf8')));
    const names = ['hospital', 'role', 'name', 'licence'] as const;
    return names.every((name) => kept[name] === about[name]) ? invitation : undefined;
  } catch {
    return undefined;
  }
}

/** On the machine of the consortium itself its trust root is a file, and nobody's word. */
function localTrustRoot(home: string, hospital: string | undefined): string | undefined {
  if (hospital === undefined) return undefined;
  try {
    return readFileSync(join(home, 'trust.json'), 'utf8');
  } catch {
    return undefined;
  }
}
