import {
  accountId,
  bytes,
  list,
  type Of,
  struct,
  text,
  uint,
} from '../../../../primitives/shape.ts';
import type { Drawer } from '../../../../sdk/wallet/drawer.ts';
import { vitalsDrawers } from '../drawers.ts';

const keptQuestion = struct({
  /** Grows with every change. */
  version: uint,
  /** 32 bytes. */
  query: bytes(32),
  account: accountId,
  /** As it is put to the servers. */
  signed: bytes(),
  servers: list(accountId, { least: 3, most: 3 }),
  /** Of the terms at the time of asking: what the figures follow from. */
  panel: uint,
  edges: uint,
  pagesPerPatient: uint,
  /** The receipt's transaction; '': not paid yet, as far as this wallet knows. */
  tx: text(64),
  /** One for each server, in their order; empty: none yet. All of them empty once they were opened. */
  answers: list(bytes(), { least: 3, most: 3 }),
  /** Hashes of the three, as the ledger has them; empty until they were opened. */
  seals: bytes(),
  /** The sum, 8 bytes a coordinate; empty: not opened yet. */
  values: bytes(),
});
export type KeptQuestion = Of<typeof keptQuestion>;

/** Questions that were asked, and what came back: a lost connection costs nothing. Rule VQ-39. */
export const keptQuestions: Drawer<KeptQuestion> = {
  wing: vitalsDrawers.questions,
  entry: keptQuestion,
  key: ({ query }) => query,
};
