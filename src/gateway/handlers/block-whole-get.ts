import { blockWholeGet } from '../../api/routes/block-whole-get.ts';
import { parseGenesis } from '../../ledger/genesis.ts';
import { openHandler } from '../handler.ts';
import { openLogs, rolesOf, sendBlock } from './block-get.ts';

/** A log that is not open to the caller's role is shown as to everybody. Source: following.md, rule F-10. */
export const handleBlockWholeGet = openHandler(
  blockWholeGet,
  ({ options: { engine, genesis } }) => {
    const { logs } = parseGenesis(genesis);
    return async ({ caller, params, reply }) =>
      sendBlock(reply, await engine.block(params.height), openLogs(logs, rolesOf(caller)));
  },
);
