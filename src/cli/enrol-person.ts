import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CodedError } from '../primitives/errors.ts';
import type { Person, Role, WalletAccount } from '../sdk/index.ts';
import { inviteAtDesk, localHospitals } from '../server/desk.ts';
import { keepHomeCards } from './cards.ts';

export interface EnrolPlan {
  readonly home: string;
  /** The wallet's name. */
  readonly name: string;
  readonly role: Role;
  /** One of this machine, whose desk gives the invitation; or else `gatewayUrl` and `invitation`. */
  readonly hospital?: string | undefined;
  readonly gatewayUrl?: string | undefined;
  readonly invitation?: string | undefined;
  readonly fullName?: string | undefined;
  readonly licence?: string | undefined;
  readonly code?: string | undefined;
  readonly trustRootJson?: string | undefined;
  readonly signal: AbortSignal;
}

interface Begun {
  readonly url: string;
  readonly invitation: string;
}

/**
 * Enrols, and leaves the public card in the home. What was begun is written down first: a hospital that has
 * enrolled somebody whose answer was lost gives the same answer to the same invitation.
 */
export async function enrolPerson(person: Person, plan: EnrolPlan): Promise<WalletAccount> {
  const { home, name, role, hospital, signal } = plan;
  const path = join(home, 'people', `${name}.enrolling`);
  const begun = await begin(path, plan);
  const account = await person.enrol({
    gatewayUrl: begun.url,
    invitation: begun.invitation,
    role,
    name: plan.fullName,
    licence: plan.licence,
    code: plan.code,
    withoutCopy: role === 'device',
    trustRootJson: plan.trustRootJson ?? localTrustRoot(home, hospital),
    signal,
  });
  rmSync(path, { force: true });
  keepHomeCards(home, name, person);
  return account;
}

async function begin(path: string, plan: EnrolPlan): Promise<Begun> {
  const { home, role, hospital, signal } = plan;
  if (plan.invitation !== undefined) {
    const url = plan.gatewayUrl ?? localHospitals(home).find((it) => it.name === hospital)?.url;
    if (url === undefined)
      throw new CodedError('USAGE', { problem: 'say --gateway or --hospital' });
    return { url, invitation: plan.invitation };
  }
  if (hospital === undefined) {
    throw new CodedError('USAGE', { problem: 'say --hospital, or --gateway and --invitation' });
  }
  const kept = readBegun(path, `${hospital} ${role}`);
  const url = localHospitals(home).find((it) => it.name === hospital)?.url;
  if (kept !== undefined && url !== undefined) return { url, invitation: kept };
  const invited = await inviteAtDesk(home, { hospital, role, signal });
  mkdirSync(join(home, 'people'), { recursive: true, mode: 0o700 });
  writeFileSync(path, `${hospital} ${role} ${invited.invitation}\n`, { mode: 0o600 });
  return invited;
}

function readBegun(path: string, prefix: string): string | undefined {
  try {
    const text = readFileSync(path, 'utf8').trim();
    return text.startsWith(`${prefix} `) ? text.slice(prefix.length + 1) : undefined;
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
