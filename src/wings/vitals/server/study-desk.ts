import { randomBytes } from '../../../crypto/random.ts';
import { bytesToHex } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { GatewayClient } from '../../../sdk/client/gateway-client.ts';
import { Http } from '../../../sdk/client/http.ts';
import { localHospitals } from '../../../server/desk.ts';
import { type HeldKey, heldKeys } from '../../../server/home-members.ts';
import { OrganisationDesk, type TakenTx } from '../../../server/organisation-desk.ts';
import { dataServersGet } from '../api/routes/data-servers-get.ts';
import { studiesGet } from '../api/routes/studies-get.ts';
import type { StatDataset } from '../ledger/acts/stat-dataset.ts';
import type { StatPermit } from '../ledger/acts/stat-permit.ts';
import { type Dataset, statDatasets } from '../ledger/tables/stat-datasets.ts';

/** What an organisation says of studies, by its own key, from its home. Throws as `OrganisationDesk`. */
export class StudyDesk {
  readonly #desk: OrganisationDesk;
  readonly #home: string;

  private constructor(desk: OrganisationDesk, home: string) {
    this.#desk = desk;
    this.#home = home;
  }

  static async open(
    url: string,
    trustRoot: string,
    home: string,
    signal: AbortSignal,
  ): Promise<StudyDesk> {
    return new StudyDesk(await OrganisationDesk.open(url, trustRoot, signal), home);
  }

  /** Block time of the newest block that was verified. */
  async timeMs(): Promise<number> {
    await this.#desk.height();
    return this.#desk.ledger.tip.timeMs;
  }

  /** By whose key this home speaks. Throws USAGE: of none, or of several and none was named. */
  async speaker(named: string | undefined): Promise<HeldKey> {
    const held = await heldKeys(this.#home, this.#desk.genesis);
    const meant = named === undefined ? held : held.filter(({ name }) => name === named);
    const [only, more] = meant;
    if (only === undefined || more !== undefined)
      throw new CodedError('USAGE', {
        problem: `--by: one of ${held.map(({ name }) => name).join(', ')}`,
      });
    return only;
  }

  /** A data server of each hospital of this home, in its order. */
  async dataServers(signal: AbortSignal): Promise<readonly AccountId[]> {
    const found: AccountId[] = [];
    for (const { url } of localHospitals(this.#home)) {
      const gateway = new GatewayClient(new Http(url));
      const { servers } = await gateway.call(dataServersGet, { signal });
      const [first] = servers;
      if (first !== undefined) found.push(first.account);
    }
    return found;
  }

  async found(
    terms: Omit<StatDataset, 'kind' | 'dataset'>,
    by: HeldKey,
  ): Promise<TakenTx & { readonly dataset: string }> {
    const { datasets, ...taken } = await this.foundAll([terms], by);
    return { ...taken, dataset: datasets[0] ?? '' };
  }

  /** Several datasets in one transaction. */
  async foundAll(
    terms: readonly Omit<StatDataset, 'kind' | 'dataset'>[],
    by: HeldKey,
  ): Promise<TakenTx & { readonly datasets: readonly string[] }> {
    const acts = terms.map((it) => ({
      ...{ kind: 'StatDataset' as const, dataset: bytesToHex(randomBytes(16)) },
      ...it,
    }));
    const taken = await this.#desk.send(acts, by);
    return { ...taken, datasets: acts.map(({ dataset }) => dataset) };
  }

  /** The datasets that the first hospital of this home has seen, as they stand on the ledger. */
  async datasets(signal: AbortSignal): Promise<readonly Dataset[]> {
    const [hospital] = localHospitals(this.#home);
    if (hospital === undefined) return [];
    const seen = await new GatewayClient(new Http(hospital.url)).call(studiesGet, { signal });
    const rows = seen.datasets.map((id) => this.#desk.row(statDatasets, id));
    return (await Promise.all(rows)).filter((it) => it !== undefined);
  }

  async permit(
    terms: Omit<StatPermit, 'kind' | 'permit'>,
    by: HeldKey,
  ): Promise<TakenTx & { readonly permit: string }> {
    const permit = bytesToHex(randomBytes(16));
    const taken = await this.#desk.send([{ kind: 'StatPermit', permit, ...terms }], by);
    return { ...taken, permit };
  }

  approve(permit: string, by: HeldKey): Promise<TakenTx> {
    return this.#desk.send([{ kind: 'StatApprove', permit }], by);
  }

  /** Nothing is asked under it any more. */
  withdraw(permit: string, by: HeldKey): Promise<TakenTx> {
    return this.#desk.send([{ kind: 'StatWithdraw', permit }], by);
  }
}
