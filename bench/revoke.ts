import { randomBytes } from 'node:crypto';
import { textOfBytes } from '../src/api/message-parts.ts';
import { enrolPost } from '../src/api/routes/enrol-post.ts';
import { whoGet } from '../src/api/routes/who-get.ts';
import { identity as identityShape } from '../src/ledger/identity.ts';
import type { AccountId } from '../src/primitives/ids.ts';
import { encodeAs } from '../src/primitives/shape.ts';
import { GatewayClient } from '../src/sdk/client/gateway-client.ts';
import { Http } from '../src/sdk/client/http.ts';
import {
  accountIdOfKeys,
  deriveAccountKeys,
  enrolmentIdentity,
  noRecovery,
} from '../src/sdk/wallet/identity.ts';
import type { Servers } from '../src/story/server.ts';
import { median, type Report } from './figures.ts';
import { inTown } from './people.ts';

const hourMs = 3_600_000;

/**
 * A patient with many live grants, each for another clinician, takes one back: a KeySet with new keys and an
 * envelope for everybody who stays is made, uploaded and committed, through HTTP.
 */
export async function benchRevoke(report: Report, rounds = 5): Promise<void> {
  await inTown(async (town) => {
    for (const live of [20, 1_000]) {
      const patient = await town.enrol(`patient-of-${live}`, 'patient', 'north');
      const clinicians = await enrolMany(town.servers, live);
      const notAfterMs = Date.now() + hourMs;
      const terms = { readClasses: ['lab', 'note'], purposes: ['TREAT'], notAfterMs } as const;
      const given = await patient.person.grantMany(
        clinicians.map((grantee) => ({ grantee, ...terms })),
      );
      const samples: number[] = [];
      for (let i = 0; i < rounds; i++) {
        const grant = given[i];
        const grantee = clinicians[i];
        if (grant === undefined || grantee === undefined) break;
        const begun = performance.now();
        await patient.person.revoke(grant.consent);
        samples.push(performance.now() - begun);
        await patient.person.grant({ grantee, ...terms });
      }
      const value = median(samples);
      report({
        bench: 'envelope',
        figure: `revoke-1-of-${live}`,
        value,
        unit: 'ms',
        peer: 'a goal',
        peerValue: 1_000,
        ratio: 1_000 / value,
        goal: '<= 1,000 ms',
        ok: value <= 1_000,
        n: live,
        rounds,
      });
    }
  }, manyLetters);
}

/** A hospital lets a patient send 600 messages an hour; this bench's are a patient's whole life. */
const manyLetters = { messagesPerHour: 10_000, requestsPerMinute: 1_000_000 };

/** Clinicians who only have to be on the ledger: keys without a wallet. */
export async function enrolMany(servers: Servers, count: number): Promise<AccountId[]> {
  const hospital = servers.hospital('harbour');
  const gateway = new GatewayClient(new Http(hospital.url));
  const { chainId, organisation } = await gateway.call(whoGet, {});
  const enrolOne = async (): Promise<AccountId> => {
    const keys = await deriveAccountKeys(new Uint8Array(randomBytes(32)), organisation, 0);
    const role = 'clinician';
    const bound = { chainId, organisation, role, recovery: noRecovery } as const;
    const identity = await enrolmentIdentity(keys, bound);
    const invitation = await servers.invite(hospital, role, 'Clinician');
    const text = textOfBytes(encodeAs(identityShape, identity));
    await gateway.call(enrolPost, { body: { invitation, identity: text, role } });
    return accountIdOfKeys(keys);
  };
  const enrolled: AccountId[] = [];
  while (enrolled.length < count) {
    const atOnce = Math.min(32, count - enrolled.length);
    enrolled.push(...(await Promise.all(Array.from({ length: atOnce }, enrolOne))));
  }
  return enrolled;
}
