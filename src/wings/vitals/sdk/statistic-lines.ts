import type { ReportLine, ReportPart } from '../../../sdk/actions/access-report.ts';
import type { Context, WorkOptions } from '../../../sdk/client/context.ts';
import { questionsOn } from './asking/listed-questions.ts';
import { listStudies } from './asking/studies.ts';
import { heldRegistration, type RegistrationHeld } from './registering.ts';

/**
 * Every question that was asked of the studies in which this person's readings count, for her report: proven to stand on
 * the ledger, and whether it was about people as she is said to be. Throws what servers cannot be asked for.
 */
export const statisticLines: ReportPart = async (ctx, _period, options) => {
  const held = heldRegistration(ctx);
  if (held === undefined) return [];
  const studies = await listStudies.run(ctx, undefined, options);
  const own = studies.filter(({ id }) => held.said.datasets.includes(id));
  const lines = await Promise.all(own.map(({ id }) => linesOf(ctx, id, held, options)));
  return lines.flat();
};

async function linesOf(
  ctx: Context,
  dataset: string,
  { said }: RegistrationHeld,
  options: WorkOptions,
): Promise<readonly ReportLine[]> {
  const seen = await questionsOn.run(ctx, { dataset }, options);
  const own = { sex: said.sex, 'age-band': said.ageBand, region: said.region, arm: said.arm };
  return seen.map(({ query, manifest }) => {
    const { purpose, researcher, issuedMs, cohort, question } = manifest;
    const isAbout = cohort.every(
      (it) => own[it.attribute] >= it.from && own[it.attribute] <= it.to,
    );
    const facts = { purpose, query, question: question.kind, counted: isAbout ? 1 : 0 };
    return { kind: 'statistic', atMs: issuedMs, account: researcher, facts };
  });
}
