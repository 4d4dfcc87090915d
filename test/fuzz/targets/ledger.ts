import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { decodeTx, encodeTx } from '../../../src/ledger/codec.ts';
import { encodeGenesis, parseGenesis } from '../../../src/ledger/genesis.ts';
import { tables } from '../../../src/ledger/protocol.ts';
import { encodeStateAnswerProof, verifyStateAnswer } from '../../../src/ledger/state-proof.ts';
import { proveKey } from '../../../src/ledger/state-tree.ts';
import { decodeRow, encodeRow, stateKey } from '../../../src/ledger/table.ts';
import { bytesToHex, hexToBytes } from '../../../src/primitives/bytes.ts';
import {
  type Cbor,
  decodeCbor,
  encodeCbor,
  readArray,
  readBytes,
  readText,
} from '../../../src/primitives/cbor.ts';
import { CodedError } from '../../../src/primitives/errors.ts';
import { anyCharacter } from '../../any-character.ts';
import { accountOf, bytesOf, consentOf } from '../../world.ts';
import type { Target, TargetModule } from '../target.ts';
import { codecModule, mustEqual } from './codec.ts';
import { busyWorld, idWords, knownTxs } from './ledger-world.ts';

const cbor = ['CBOR_INVALID', 'CBOR_SHAPE', 'SUITE_UNKNOWN', 'TYPE_UNKNOWN'] as const;

/** Values of our profile in every shape, by fast-check, and what RFC 8949 shows. */
function cborSeeds(): Uint8Array[] {
  const value = fc.letrec<{ any: Cbor }>((tie) => ({
    any: fc.oneof(
      { maxDepth: 6 },
      fc.maxSafeNat(),
      fc.uint8Array({ maxLength: 40 }),
      fc.string({ unit: anyCharacter, maxLength: 20 }),
      fc.constantFrom(true, false, null),
      fc.array(tie('any'), { maxLength: 5 }),
    ),
  })).any;
  const made = fc.sample(value, { seed: 1, numRuns: 40 }).map(encodeCbor);
  const published = JSON.parse(
    readFileSync(new URL('../../vectors/published/cbor/appendix_a.json', import.meta.url), 'utf8'),
  ) as readonly { readonly hex: string }[];
  return [...made, ...published.map(({ hex }) => hexToBytes(hex) ?? new Uint8Array(0))];
}

export const cborTarget: TargetModule = {
  open(): Target {
    return {
      ...{ name: 'cbor', shape: 'cbor', seeds: cborSeeds(), allows: ['CBOR_INVALID'] },
      run: (input) => mustEqual(encodeCbor(decodeCbor(input)), input, 'not the one encoding'),
    };
  },
};

export const tx = codecModule(() => ({
  ...{ name: 'tx', seeds: knownTxs(), decode: decodeTx, encode: encodeTx, words: idWords() },
  allows: [...cbor, 'TX_TOO_LARGE', 'ROLE_UNKNOWN', 'BATCH_KIND', 'ID_FORMAT'],
}));

export const genesis = codecModule(() => ({
  ...{ name: 'genesis', decode: parseGenesis, encode: encodeGenesis, words: idWords() },
  seeds: [encodeGenesis(busyWorld().genesis)],
  allows: [...cbor, 'ROLE_UNKNOWN'],
}));

const tableNames = tables.map(({ name }) => name);

/** Rows as a client gets them beside a proof: input `[table, row]`. */
export const rows: TargetModule = {
  open(): Target {
    const world = busyWorld();
    const seeds = [...world.store.rows].map(([key, row]) => {
      const [table = ''] = Buffer.from(key, 'hex').toString('latin1').split('/');
      return encodeCbor([table, row]);
    });
    return {
      ...{ name: 'rows', shape: 'cbor', seeds, words: [...tableNames, ...idWords()] },
      allows: [...cbor, 'ID_FORMAT', 'ROLE_UNKNOWN', 'BATCH_KIND'],
      run: (input) => {
        const fields = readArray(decodeCbor(input), 'input', 2);
        const named = readText(fields[0], 'table');
        const table = tables.find(({ name }) => name === named);
        if (table === undefined) throw new CodedError('TYPE_UNKNOWN');
        const row = decodeRow(table, readBytes(fields[1], 'row'));
        assert.deepEqual(decodeRow(table, encodeRow(table, row)), row);
      },
    };
  },
};

/** A proof and an answer, changed in any way: believed only when the answer is the state's own. */
export const proofs: TargetModule = {
  open(): Target {
    const world = busyWorld();
    const { store, appHash } = world;
    const logs = { user: store.logHead('user'), doc: store.logHead('doc') };
    const prove = (table: string, id: Uint8Array): Uint8Array => {
      const key = stateKey(table, id);
      const proof = encodeStateAnswerProof(
        logs,
        proveKey((path) => store.page(path), key),
      );
      return encodeCbor([table, id, store.row(key) ?? null, proof]);
    };
    const idOf = (text: string): Uint8Array => hexToBytes(text) ?? new Uint8Array(0);
    const absent = Array.from({ length: 12 }, (_, i) =>
      prove('consents', bytesOf(`none ${i}`).slice(0, 16)),
    );
    const seeds = [
      ...['ana', 'eve', 'doctor', 'hospital'].map((name) =>
        prove('accounts', idOf(accountOf(name))),
      ),
      ...['reading', 'writing', 'revoked'].map((name) => prove('consents', idOf(consentOf(name)))),
      prove('organisations', idOf(accountOf('archive'))),
      ...absent,
    ];
    return {
      ...{ name: 'proofs', shape: 'cbor', seeds, words: [...tableNames, ...idWords()] },
      allows: [...cbor, 'PROOF_INVALID'],
      run: (input) => {
        const fields = readArray(decodeCbor(input), 'input', 4);
        const row = { table: readText(fields[0], 'table'), id: readBytes(fields[1], 'id') };
        const value = fields[2] === null ? undefined : readBytes(fields[2], 'value');
        verifyStateAnswer(appHash, row, value, readBytes(fields[3], 'proof'));
        const truth = store.row(stateKey(row.table, row.id));
        assert.equal(value && bytesToHex(value), truth && bytesToHex(truth), 'a lie was believed');
      },
    };
  },
};
