import type { FastifyReply } from 'fastify';
import { blockGet } from '../../api/routes/block-get.ts';
import type { CommittedBlock } from '../../engines/engine.ts';
import { encodeShownBlock, showBlock } from '../../ledger/chain/shown-block.ts';
import { readTxBody } from '../../ledger/codec.ts';
import { type GenesisLog, parseGenesis } from '../../ledger/genesis.ts';
import { type Role, spineRoles } from '../../ledger/roles.ts';
import type { LogName } from '../../ledger/shapes.ts';
import { isCoded } from '../../primitives/errors.ts';
import { openHandler } from '../handler.ts';
import type { Session } from '../parts/sessions/sessions.ts';

/** A log that is open to every role holds nothing back from anybody: whoever asks could ask as a patient. */
export const handleBlockGet = openHandler(blockGet, ({ options: { engine, genesis } }) => {
  const logs = openLogs(parseGenesis(genesis).logs, spineRoles);
  return async ({ params, reply }) => sendBlock(reply, await engine.block(params.height), logs);
});

/** As whom somebody is told of the ledger: who left it as anybody is. */
export const rolesOf = ({ role, hasLeft }: Session): readonly Role[] =>
  hasLeft === true ? spineRoles : [role];

/** The logs whose profile names each of these roles. */
export function openLogs(
  logs: readonly GenesisLog[],
  roles: readonly Role[],
): ReadonlySet<LogName> {
  const open = logs.filter(({ readers }) => roles.every((role) => readers.includes(role)));
  return new Set(open.map(({ name }) => name));
}

/** CBOR of what of a block is in these logs, and of the rest its hashes. Source: following.md, rule F-10. */
export function sendBlock(
  reply: FastifyReply,
  block: CommittedBlock,
  logs: ReadonlySet<LogName>,
): FastifyReply {
  const shown = showBlock(block, logOf, (log) => logs.has(log));
  return reply.type(blockGet.media).send(Buffer.from(encodeShownBlock(shown)));
}

function logOf(tx: Uint8Array): LogName | undefined {
  try {
    return readTxBody(tx).log;
  } catch (error) {
    if (!isCoded(error)) throw error;
    return undefined;
  }
}
