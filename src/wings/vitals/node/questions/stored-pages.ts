import type { Cohort } from '../../api/cohort.ts';
import { keptLength, pageVitals, rollLength } from '../../crypto/pages/page-layout.ts';
import { ColumnSum } from '../../crypto/statistics/column-sum.ts';
import { RegisteredPeople } from '../pages/registered-people.ts';
import type { MeantPage, MeantPatient } from '../stores/page-selection.ts';
import type { PageSelection, PageStore } from '../stores/page-store.ts';
import type { SummedShares } from './answer-share.ts';
import { addCounters, addShares, PatientWindow, type WindowPatient } from './patient-window.ts';
import type { CountingPages, QuestionPages, WantedPages } from './question-pages.ts';

/** Of the last questions: whoever asks has had them checked just before. */
const windowsKept = 4;

/** The pages of a data server as questions look at them: whose registration names the dataset and fits the cohort. */
export function storedPages(store: PageStore): QuestionPages {
  const people = new RegisteredPeople(store);
  const windows = new Windows(store);
  const selected = new Selected();
  return {
    hasBatch: async (trio, number) => (await store.newestBatch(trio)) >= number,
    async select(wanted) {
      const window = await windows.of(selectionOf(wanted));
      const { dataset, cohort } = wanted;
      return selected.of(window, { dataset, cohort, people: await people.newest() }, (patients) => {
        const isMeant = people.meant(dataset, cohort);
        return patients.filter(({ name }) => isMeant(name));
      });
    },
    async pagesOf(patient, wanted): Promise<readonly MeantPage[]> {
      const { trio, panel, asOfBatch, hours } = selectionOf(wanted);
      const pages = await store.pagesOf(patient, panel, hours);
      return pages
        .filter((it) => it.trio === trio && it.batch <= asOfBatch)
        .map(({ page, n }) => ({ page, readings: n }));
    },
    async sum(counting, wanted) {
      const of = selectionOf(wanted);
      return summed(store, await windows.of(of), { ...counting, of, counters: wanted.counters });
    },
    isInDataset: (account, dataset) => people.isInDataset(account, dataset),
  };
}

const selectionOf = (wanted: WantedPages): PageSelection => ({
  ...{ trio: wanted.trio, panel: wanted.panel, asOfBatch: wanted.asOfBatch },
  hours: { from: wanted.fromHour, until: wanted.untilHour },
});

/** The newest windows that were asked about. */
class Windows {
  readonly #store: PageStore;
  readonly #kept = new Map<string, Promise<PatientWindow>>();

  constructor(store: PageStore) {
    this.#store = store;
  }

  async of(selection: PageSelection): Promise<PatientWindow> {
    const { trio, panel, asOfBatch, hours } = selection;
    const name = `${trio} ${panel} ${asOfBatch} ${hours.from} ${hours.until}`;
    const window = this.#kept.get(name) ?? PatientWindow.open(this.#store, selection);
    this.#kept.delete(name);
    this.#kept.set(name, window);
    for (const [oldest] of this.#kept) if (this.#kept.size > windowsKept) this.#kept.delete(oldest);
    try {
      return await window;
    } catch (error) {
      this.#kept.delete(name);
      throw error;
    }
  }
}

interface SelectedBy {
  readonly dataset: string;
  readonly cohort: Cohort;
  /** `RegisteredPeople.newest`. */
  readonly people: number;
}

/** Who was meant in a window, the last time that it was asked about: a question is checked, and then asked. */
class Selected {
  readonly #last = new WeakMap<
    PatientWindow,
    { readonly name: string; readonly patients: readonly MeantPatient[] }
  >();

  of(
    window: PatientWindow,
    { dataset, cohort, people }: SelectedBy,
    choose: (patients: readonly MeantPatient[]) => readonly MeantPatient[],
  ): readonly MeantPatient[] {
    const name = JSON.stringify([dataset, cohort, people]);
    const last = this.#last.get(window);
    if (last?.name === name) return last.patients;
    const patients = choose(window.patients);
    this.#last.set(window, { name, patients });
    return patients;
  }
}

async function summed(
  store: PageStore,
  window: PatientWindow,
  of: CountingPages & { readonly of: PageSelection; readonly counters: boolean },
): Promise<SummedShares> {
  const roll = new ColumnSum(rollLength);
  const histogram = new ColumnSum(keptLength - rollLength);
  for (const it of inWindow(window, of.whole)) window.addTo(roll, it);
  const pages = of.pages.map((page) => ({ page }));
  await addShares(store, pages, (share) => {
    roll.add(share.roll);
    if (of.counters) histogram.add(share.histogram);
  });
  const totals = roll.totals();
  const shares = { sums: totals.slice(0, pageVitals), products: totals.slice(pageVitals) };
  if (!of.counters) return shares;
  const names = new Set(of.whole.map(({ name }) => name));
  await addCounters(store, of.of, { sum: histogram, isCounted: (name) => names.has(name) });
  return { ...shares, counters: histogram.totals() };
}

/** Both by rising pseudonym. */
function* inWindow(
  { patients }: PatientWindow,
  whole: readonly MeantPatient[],
): Iterable<WindowPatient> {
  let at = 0;
  for (const { name } of whole) {
    while (at < patients.length && (patients[at]?.name ?? name) < name) at++;
    const found = patients[at];
    if (found?.name === name) yield found;
  }
}
