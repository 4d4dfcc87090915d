import { isCoded } from '../../../src/primitives/errors.ts';
import { genesisIn } from '../../../src/server/home-members.ts';
import { verifyHome } from '../../../src/server/maintenance/verify-home.ts';
import { Checker } from '../../crash/check.ts';
import { Random } from '../../crash/random.ts';
import { staleAnchorsOf } from '../../crash/shadow.ts';
import type { Consortium } from '../consortium.ts';
import type { History } from '../history.ts';
import type { Hospital } from '../hospital.ts';
import type { Outcome } from '../play.ts';
import { type Finding, ledgerOf, readLedger } from './blocks.ts';
import { lightClient, signedIn } from './light-client.ts';
import { referenceModel } from './model.ts';
import { agreement, exactlyOnce, realTimeOrder } from './order.ts';
import { doubleSigning, progress } from './progress.ts';
import { accessLog, epochs } from './rules.ts';

export interface Judged {
  /** The nine of the design, in its order. */
  readonly checks: readonly Finding[];
  /** Acknowledged and not there. */
  readonly lost: readonly string[];
  /** There, and only half. */
  readonly half: readonly string[];
  /** What `salus verify` says of the homes that it does not find whole. */
  readonly unverified: readonly string[];
}

/** Everything stands still: what all files say of what clients were told. */
export async function judge(
  { hospitals }: Consortium,
  history: History,
  { acked, played, signedTwice, isAtRest }: Outcome,
  seed: number,
): Promise<Judged> {
  const [first] = hospitals;
  if (first === undefined) throw new Error('nobody');
  const kept = hospitals.map((it) => ({ ...placeOf(it), ledger: readLedger(it.servers) }));
  const ledger = kept[0]?.ledger ?? ledgerOf([]);
  const checks = [
    exactlyOnce(history, ledger),
    agreement(kept, ledger),
    realTimeOrder(history, ledger),
    referenceModel(genesisIn(first.servers), ledger, history),
    epochs(ledger),
    accessLog(ledger),
    await lightClient(
      kept.map((it) => ({ name: it.name, signed: signedIn(it.servers, it.ledger) })),
      new Random(seed),
    ),
    progress(played, isAtRest),
    doubleSigning(signedTwice, ledger),
  ];
  const staleAnchors = new Set(ledger.blocks.flatMap(staleAnchorsOf));
  const { lost, half } = await new Checker(hospitals.map(({ home }) => home)).check(acked, {
    ...{ everything: true, staleAnchors },
  });
  const unverified: string[] = [];
  for (const { name, home } of hospitals) {
    await verifyHome(home).catch((error: unknown) => {
      const details = isCoded(error) ? JSON.stringify(error.details) : '';
      unverified.push(`${name}: ${error} ${details}`);
    });
  }
  return { checks, lost, half, unverified };
}

const placeOf = ({ name, servers }: Hospital) => ({ name, servers });
