import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { headerGet } from '../../api/routes/header-get.ts';
import { isCoded } from '../../primitives/errors.ts';
import { GatewayClient } from '../../sdk/client/gateway-client.ts';
import { Http } from '../../sdk/client/http.ts';
import { localHospitals, localUrl } from '../desk.ts';
import { type Finding, serversOf } from '../process.ts';
import { recordFolder } from '../witness/record.ts';
import { witnessKeyIn } from './open.ts';
import { type Followed, followedBy, isFollower } from './settings.ts';

/** So many blocks behind, what this hospital shows is old. */
const mostBehind = 100;
const patienceMs = 5_000;

/** What `salus selfcheck` says of a home that follows: the operator, and what did not fit. One that orders its ledger itself: nothing. */
export async function checkFollower(home: string): Promise<readonly Finding[]> {
  const servers = serversOf(home);
  if (!isFollower(servers)) return [];
  const followed = followedBy(servers);
  const isServed = localUrl(home) !== undefined;
  return [
    ...(isServed ? [await checkOperator(home, followed)] : []),
    checkEvidence(servers, followed),
  ];
}

async function checkOperator(home: string, { of }: Followed): Promise<Finding> {
  const own = localHospitals(home)[0]?.url;
  const [there, here] = await Promise.all([
    heightAt(of),
    own === undefined ? undefined : heightAt(own),
  ]);
  if (there === undefined) {
    const advice =
      'nothing is lost, and it goes on by itself: the line, or salus up --of with its new address';
    return { check: 'operator', ok: false, value: `${of} does not answer`, advice };
  }
  return {
    check: 'operator',
    ok: here !== undefined && there - here <= mostBehind,
    value: `height ${there} at ${of}, ${here ?? 'no answer'} here`,
    advice: 'it catches up by itself; see the log in servers/logs',
  };
}

/** Undefined: no answer. */
async function heightAt(url: string): Promise<number | undefined> {
  const gateway = new GatewayClient(new Http(url, { timeoutMs: patienceMs, retryDelaysMs: [] }));
  try {
    return (await gateway.call(headerGet, { params: { height: 'latest' } })).height;
  } catch (error) {
    if (isCoded(error)) return undefined;
    throw error;
  }
}

/** What an operator showed that did not fit is kept, and looked at by a person. */
function checkEvidence(servers: string, { trustRoot }: Followed): Finding {
  const folder = recordFolder(witnessKeyIn(join(servers, 'ledger')), trustRoot);
  const files = existsSync(folder)
    ? readdirSync(folder).filter((name) => name.startsWith('evidence-'))
    : [];
  return {
    check: 'headers',
    ok: files.length === 0,
    value:
      files.length === 0
        ? 'everything that the operator showed fits'
        : `${files.length} answers did not fit, the last is ${join(folder, files.sort().at(-1) ?? '')}`,
    advice:
      'two histories of one ledger: the runbook has fork.md; ask the operator, and tell the other members',
  };
}
