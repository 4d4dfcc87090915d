import type { AccountId } from '../../../primitives/ids.ts';
import type { GatewayClient } from '../../../sdk/client/gateway-client.ts';
import { studiesGet } from '../api/routes/studies-get.ts';
import { statDatasets } from '../ledger/tables/stat-datasets.ts';
import { statTrios } from '../ledger/tables/stat-trios.ts';
import type { LedgerRows } from '../node/data-server-base.ts';

interface Looking {
  readonly gateway: Pick<GatewayClient, 'call'>;
  readonly ledger: Pick<LedgerRows, 'row'>;
  readonly account: AccountId;
}

/**
 * In which trios of the ledger a data server is: its gateway names datasets, each row is proven. A gateway can keep one back, and
 * cannot make one up. For a server whose store is gone. Source: docs/protocol/vitals-tampering.md, rule VT-7.
 */
export class ListedTrios {
  readonly #of: Looking;
  readonly #looked = new Set<string>();
  readonly #trios = new Set<string>();

  constructor(of: Looking) {
    this.#of = of;
  }

  readonly all = (): readonly string[] => [...this.#trios];

  /** Looks at datasets that are new; what a dataset is never changes. Returns how many were. Throws what asking throws. */
  async look(): Promise<number> {
    const { gateway, ledger, account } = this.#of;
    const { datasets } = await gateway.call(studiesGet, {});
    const fresh = datasets.filter((it) => !this.#looked.has(it));
    for (const id of fresh) {
      const dataset = await ledger.row(statDatasets, id);
      if (dataset === undefined) continue;
      const trio = await ledger.row(statTrios, dataset.trio);
      if (trio?.servers.includes(account)) this.#trios.add(dataset.trio);
      this.#looked.add(id);
    }
    return fresh.length;
  }
}
