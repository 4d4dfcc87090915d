import { isCoded } from '@salus/salus/sdk/browser';
import {
  changeStudies,
  heldRegistration,
  listStudies,
  panelOf,
  questionsOn,
  type RegistrationHeld,
  type Study,
  vitalsIn,
} from '@salus/salus/sdk/vitals';
import type { Call } from '../../worker/call.ts';
import type { Session } from '../../worker/session.ts';
import { hospitalOf } from '../../worker/site.ts';
import type { CurveView } from './calls.ts';

type Vital = CurveView['vital'];

/** A question that somebody asked of a study, proven to stand on the ledger. */
export interface AskedView {
  readonly query: string;
  readonly kind: string;
  readonly vitals: readonly Vital[];
  readonly purpose: string;
  /** The hospital whose researcher asked; empty: not known here. */
  readonly hospital: string;
  readonly askedMs: number;
  /** It was about people as this one is said to be: readings of that time counted. */
  readonly isAboutMe: boolean;
}

export interface StudyView {
  readonly id: string;
  readonly vitals: readonly Vital[];
  readonly purposes: readonly string[];
  /** No answer is about fewer people. */
  readonly least: number;
  readonly isIn: boolean;
  /** Undefined: no server tells now. Newest first. */
  readonly asked: readonly AskedView[] | undefined;
}

export interface StudiesView {
  /** Those at the servers that keep this person's readings. */
  readonly studies: readonly StudyView[];
  readonly hasDevice: boolean;
  /** Servers that have not heard of the newest choice: it counts all the same. */
  readonly behind: number;
}

const list: Call<void, StudiesView> = async (session, _input, { signal }) => {
  const { person, as } = session;
  const options = { ...as, signal };
  const held = await person.run(
    { name: 'vitals/held', run: async (ctx) => heldRegistration(ctx) },
    undefined,
    options,
  );
  if (held === undefined) return { studies: [], hasDevice: false, behind: 0 };
  const all = await person.run(listStudies, undefined, options);
  const own = all.filter(({ servers }) => servers.join() === held.servers.join());
  return {
    studies: await Promise.all(own.map((it) => viewOf(session, it, held, signal))),
    ...{ hasDevice: true, behind: held.missing.length },
  };
};

async function viewOf(
  session: Session,
  study: Study,
  held: RegistrationHeld,
  signal: AbortSignal,
): Promise<StudyView> {
  const isIn = held.said.datasets.includes(study.id);
  return {
    ...{ id: study.id, vitals: panelOf(study.panel).vitals, purposes: study.purposes },
    ...{ least: study.kMin, isIn },
    asked: isIn ? await askedOf(session, study, held, signal) : [],
  };
}

async function askedOf(
  { person, as }: Session,
  study: Study,
  { said }: RegistrationHeld,
  signal: AbortSignal,
): Promise<readonly AskedView[] | undefined> {
  const options = { ...as, signal };
  const seen = await person
    .run(questionsOn, { dataset: study.id }, options)
    .catch((error: unknown) => {
      // Servers that do not answer now, or have not heard yet that she is in it.
      if (isCoded(error) && error.code !== 'INTERRUPTED') return undefined;
      throw error;
    });
  if (seen === undefined) return undefined;
  const of = { sex: said.sex, 'age-band': said.ageBand, region: said.region, arm: said.arm };
  const { vitals } = panelOf(study.panel);
  const views = seen.map(async ({ query, manifest }): Promise<AskedView> => {
    const { question, purpose, researcher, issuedMs, cohort } = manifest;
    const who = await person
      .run(
        { name: 'vitals/researcher', run: (ctx) => ctx.ledger.knownAccount(researcher) },
        undefined,
        options,
      )
      .catch(() => undefined);
    const hospital = who && (await hospitalOf(who.organisation).catch(() => undefined));
    return {
      ...{ query, kind: question.kind, purpose, askedMs: issuedMs },
      vitals: vitalsIn(question).flatMap((place) => vitals[place] ?? []),
      hospital: hospital?.title ?? '',
      isAboutMe: cohort.every((it) => of[it.attribute] >= it.from && of[it.attribute] <= it.to),
    };
  });
  return (await Promise.all(views)).toSorted((a, b) => b.askedMs - a.askedMs);
}

/** From now on; it is written down here first, and told to all three servers. */
const change: Call<{ readonly study: string; readonly isIn: boolean }, void> = async (
  session,
  { study, isIn },
  { signal },
) => {
  const { person, as } = session;
  const wanted = isIn ? { join: [study] } : { leave: [study] };
  await person.run(changeStudies, wanted, { ...as, signal });
};

export const studiesCalls = { 'studies.list': list, 'studies.change': change };
