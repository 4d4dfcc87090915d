import { type ModelContext, Refused } from '../../../../../test/model/wing.ts';
import { accountOf, bytesOf, identityOf } from '../../../../../test/world.ts';
import { bytesToHex } from '../../../../primitives/bytes.ts';
import type { StatBatch } from '../../ledger/acts/stat-batch.ts';
import { modelTrioId } from './datasets.ts';
import { keep, modelAct, number, type Rows, read, servers, type TrioRow } from './rows.ts';

/** VL-13. */
function judgeBatch(rows: Rows, act: StatBatch, context: ModelContext): void {
  const { spine, sender, timeMs, height, holds } = context;
  const { root, pages, firstHour, lastHour } = act;
  const trio = read<TrioRow>(rows, `stat-trios/${act.trio}`);
  if (trio === undefined) throw new Refused('TRIO_UNKNOWN');
  const domains = trio.servers.map((server) => spine.account(server)?.organisation);
  if (![...trio.servers, ...domains].includes(sender)) throw new Refused('SENDER_WRONG');
  const isEarly = lastHour * 3_600_000 > timeMs + 60_000;
  if (pages === 0 || pages > 4_096 || firstHour > lastHour || isEarly)
    throw new Refused('BATCH_TIMES');
  if (act.number - trio.newestBatch !== 1) throw new Refused('BATCH_NUMBER');
  if (!holds) throw new Refused('SIGNATURE_WRONG');
  const keys = trio.servers.map((server) =>
    spine.account(server)?.frozen === false ? spine.keyOf(server) : 'frozen',
  );
  const given = act.signatures.map(({ signKey }) => bytesToHex(signKey));
  if (keys.join() !== given.join()) throw new Refused('BATCH_SIGNERS');
  const id = `stat-batches/${act.trio}${number(act.number)}`;
  keep(rows, id, { root, pages, firstHour, lastHour, height });
  keep(rows, `stat-trios/${act.trio}`, { ...trio, newestBatch: act.number });
}

export const statBatchModel = modelAct<StatBatch>({
  kind: 'StatBatch',
  number: 43,
  senders: ['organisation', 'data-server'],
  draw: ({ small, twist }) => ({
    ...{ kind: 'StatBatch', trio: modelTrioId(servers.map(accountOf)), number: small },
    ...{ root: bytesOf(`root ${small}`), pages: twist },
    ...{ firstHour: 500_000, lastHour: 500_000 + twist },
    signatures: servers.map((name) => ({
      ...{ signKey: identityOf(name).signKey, signature: new Uint8Array(64) },
    })),
  }),
  judge: judgeBatch,
});
