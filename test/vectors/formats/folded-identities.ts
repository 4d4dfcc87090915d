import { foldedTo, proveFolded } from '../../../src/ledger/folded-identities.ts';
import { type HeldIdentity, heldIdentity, neverChanged } from '../../../src/ledger/tables/keys.ts';
import { encodeAs } from '../../../src/primitives/shape.ts';
import { patient, rotated } from './people.ts';
import { type Format, hex, hexOfAll } from './write.ts';

/** Two identities by turns: what is folded does not ask whose they are. */
const held = (n: number): HeldIdentity => ({
  identity: n % 2 === 0 ? patient.identity : rotated,
  fromHeight: n,
  untilHeight: n + 1,
});

export const foldedIdentities: Format = {
  about:
    'acts.md ID-6: a directory after so many identities (the n-th from height n to n + 1, those of accounts.json by turns): count and peaks of the folded ones; the last of them with index and path',
  async cases() {
    return [1, 17, 18, 19, 23, 32, 64].map((count) => {
      const all = Array.from({ length: count }, (_, n) => held(n));
      let row: ReturnType<typeof foldedTo> = { folded: neverChanged.folded, identities: [] };
      for (const one of all) row = foldedTo(row.folded, [...row.identities, one]);
      const { folded } = row;
      const proof = proveFolded(all.slice(0, folded.count), folded.count - 1);
      return {
        ...{ identities: count, count: folded.count, peaks: hexOfAll(folded.peaks) },
        ...{ index: proof?.index ?? -1, path: hexOfAll(proof?.path ?? []) },
        entry: proof === undefined ? '' : hex(encodeAs(heldIdentity, proof.held)),
      };
    });
  },
};
