import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CodedError } from '../../../primitives/errors.ts';
import type { GatewayClient } from '../../../sdk/client/gateway-client.ts';
import { type Dataset, statDatasets } from '../ledger/tables/stat-datasets.ts';
import { statTrios, trioId } from '../ledger/tables/stat-trios.ts';
import { actor, FakeLedger } from '../test/settings/three-servers.ts';
import { ListedTrios } from './listed-trios.ts';

test('a server is in the trios that the ledger says, of the datasets that its gateway names', async () => {
  const [one, two, three, four] = await Promise.all(
    ['one', 'two', 'three', 'four'].map(async (name) => (await actor(name)).account),
  );
  assert.ok(one && two && three && four);
  const ledger = new FakeLedger();
  const put = (id: string, servers: readonly (typeof one)[]) => {
    const trio = trioId(servers);
    ledger.put(statDatasets, id, { trio } as Dataset);
    ledger.put(statTrios, trio, { servers, newestBatch: 0 });
    return trio;
  };
  const [own, others, later, madeUp] = ['0a', '0b', '0c', '0d'].map((it) => it.repeat(16));
  assert.ok(own && others && later && madeUp);
  const ownTrio = put(own, [one, two, three]);
  put(others, [two, three, four]);
  let named = [own, others, madeUp];
  let isAway = false;
  const gateway = {
    call: async () => {
      if (isAway) throw new CodedError('GATEWAY_UNREACHABLE');
      return { datasets: named, permits: [] };
    },
  } as unknown as Pick<GatewayClient, 'call'>;
  const trios = new ListedTrios({ gateway, ledger, account: one });
  assert.deepEqual(trios.all(), []);
  await trios.look();
  assert.deepEqual(trios.all(), [ownTrio]);
  // What is new is looked at, and what a gateway keeps back later is not forgotten.
  named = [later];
  const laterTrio = put(later, [four, one, two]);
  await trios.look();
  assert.deepEqual(trios.all(), [ownTrio, laterTrio]);
  isAway = true;
  await assert.rejects(trios.look(), { code: 'GATEWAY_UNREACHABLE' });
  assert.deepEqual(trios.all(), [ownTrio, laterTrio]);
});
