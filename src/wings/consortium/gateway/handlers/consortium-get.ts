import { textOfBytes } from '../../../../api/message-parts.ts';
import { handler } from '../../../../gateway/handler.ts';
import { parseGenesis } from '../../../../ledger/genesis.ts';
import { handedToIn, machineFacts, machineStatusOf } from '../../api/machine.ts';
import { type ConsortiumAnswer, consortiumGet } from '../../api/routes/consortium-get.ts';
import { type ShownProposal, standingOf } from '../../api/standing.ts';

const factsOf = (facts: ShownProposal['facts']): ConsortiumAnswer['open'][number]['facts'] =>
  Object.fromEntries(
    Object.entries(facts).map(([what, value]) => [
      what,
      typeof value === 'object' ? [...value] : value,
    ]),
  );

/** By the rows of this gateway’s own engine. Source: rule GV-11. */
export const handleConsortiumGet = handler(
  consortiumGet,
  async ({ gateway: { options, view } }): Promise<ConsortiumAnswer> => {
    const told = await options.machineOf?.('consortium');
    const facts = told === undefined ? undefined : machineFacts.parse(told);
    const beginning = { ...parseGenesis(options.genesis), handedTo: handedToIn(facts) };
    const standing = await standingOf(view, beginning, options.engine.status());
    const { chain, height, timeMs, quorum, members, validators, open, cases } = standing;
    return {
      ...{ chain, height, timeMs, quorum, organisation: options.organisation },
      members: members.map(({ rights, ...it }) => ({ ...it, rights: [...rights] })),
      validators: validators.map((it) => ({ ...it, publicKey: textOfBytes(it.publicKey) })),
      open: open.map(({ yes, no, facts, ...it }) => ({
        ...it,
        ...{ yes: [...yes], no: [...no], facts: factsOf(facts) },
      })),
      cases: cases.map((it) => ({ ...it, publicKey: textOfBytes(it.publicKey) })),
      ...(facts !== undefined && { machine: machineStatusOf(facts, standing) }),
    };
  },
);
