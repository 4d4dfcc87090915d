import { bytesToHex } from '../../../primitives/bytes.ts';
import { isInCohort } from '../api/cohort.ts';
import { attributesOf, type Registration } from '../api/registration.ts';
import { ColumnSum } from '../crypto/column-sum.ts';
import { keptLength, pageVitals, rollLength } from '../crypto/page-layout.ts';
import type { PageStore, SummedPart } from './page-store.ts';
import type { QuestionPages } from './question-pages.ts';
import { registrationIn } from './registering.ts';

/** So many shares are in memory at once. */
const sharesAtOnce = 4_096;

/** The pages of a data server as questions look at them: whose registration names the dataset and fits the cohort. */
export function storedPages(store: PageStore): QuestionPages {
  const byPseudonym = async (): Promise<ReadonlyMap<string, Registration>> => {
    const all = await store.registrations();
    return new Map(all.map((it) => [bytesToHex(it.pseudonym), registrationIn(it.signed)]));
  };
  return {
    newestBatch: (trio) => store.newestBatch(trio),
    async select({ trio, panel, asOfBatch, dataset, cohort, fromHour, untilHour }) {
      const hours = { from: fromHour, until: untilHour };
      const people = await byPseudonym();
      const pages = await store.select({ trio, panel, asOfBatch, hours });
      return pages.flatMap(({ page, pseudonym, n }) => {
        const patient = bytesToHex(pseudonym);
        const person = people.get(patient);
        const isMeant =
          person?.datasets.includes(dataset) && isInCohort(cohort, attributesOf(person));
        return isMeant === true ? [{ page, patient, readings: n }] : [];
      });
    },
    async sum(pages, { counters }) {
      const totals = new Totals(counters);
      for (let at = 0; at < pages.length; at += sharesAtOnce) {
        const ids = pages.slice(at, at + sharesAtOnce).map(({ page }) => page);
        for (const share of await store.shares(ids)) totals.add(share);
      }
      return { ...totals.shares(), readings: pages.reduce((sum, it) => sum + it.readings, 0) };
    },
    async isInDataset(account, dataset) {
      const all = await store.registrations();
      return all.some(
        (it) => it.account === account && registrationIn(it.signed).datasets.includes(dataset),
      );
    },
  };
}

/** Shares added up in the field. */
class Totals {
  readonly #roll = new ColumnSum(rollLength);
  readonly #histogram = new ColumnSum(keptLength - rollLength);
  readonly #counters: boolean;

  constructor(counters: boolean) {
    this.#counters = counters;
  }

  add({ roll, histogram }: SummedPart): void {
    this.#roll.add(roll);
    if (this.#counters) this.#histogram.add(histogram);
  }

  shares() {
    const roll = this.#roll.totals();
    const sums = roll.slice(0, pageVitals);
    const products = roll.slice(pageVitals);
    if (!this.#counters) return { sums, products };
    return { sums, products, counters: this.#histogram.totals() };
  }
}
