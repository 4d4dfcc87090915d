import { type Ask, decodeAsk, encodeAsk } from '../../../src/api/ask.ts';
import { type Cbor, decodeCbor, encodeCbor } from '../../../src/primitives/cbor.ts';
import { codeOf, type Format, hex, json, pattern } from './write.ts';

const card = pattern(70, 12);
const good: readonly Ask[] = [
  { question: { kind: 'access', readClasses: ['lab', 'note'], purpose: 'TREAT', days: 7 }, card },
  { question: { kind: 'access', readClasses: [], purpose: 'HRESCH', days: 366 }, card },
  { question: { kind: 'who' }, card },
  { question: { kind: 'introduction' }, card: pattern(2_048, 13) },
];

const object = (question: Cbor, shown: Cbor = card): Uint8Array =>
  encodeCbor([2, 64, question, shown]);
const bad: readonly Uint8Array[] = [
  encodeCbor([1, 64, [2], card]),
  encodeCbor([2, 63, [2], card]),
  encodeCbor([2, 64, [2], card, card]),
  object([1, ['blood'], 'TREAT', 7]),
  object([1, ['private'], 'TREAT', 7]),
  object([1, ['lab'], 'FUN', 7]),
  object([1, ['lab'], 'TREAT', 0]),
  object([1, ['lab'], 'TREAT', 367]),
  object([1, new Array<string>(12).fill('lab'), 'TREAT', 7]),
  object([2, 1]),
  object([4]),
  object([2], new Uint8Array(0)),
  object([2], pattern(2_049, 13)),
];

export const asks: Format = {
  about:
    'grants.md G-18: questions with their fields; then what is refused, with its code. The card is no card here: its proof is http.md H-13',
  async cases() {
    const known = good.map((ask) => {
      const bytes = encodeAsk(ask);
      return { fields: json(decodeCbor(bytes)), ask: hex(bytes) };
    });
    const refused = bad.map(async (bytes) => ({
      ask: hex(bytes),
      refused: await codeOf(() => decodeAsk(bytes)),
    }));
    return [...known, ...(await Promise.all(refused))];
  },
};
