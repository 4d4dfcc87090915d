import { bytesToHex, hexToBytes } from '../../../../primitives/bytes.ts';
import { encodeEncryptedAnswer, isEncryptedAnswer } from '../../api/encrypted-answer.ts';
import { answerContext, encodeStatAnswer, type StatAnswer } from '../../api/stat-answer.ts';
import { ciphertextToBytes } from '../../crypto/paillier/ciphertext.ts';
import type { Encryption } from '../../crypto/paillier/encryption.ts';
import { encryptPart } from '../../crypto/paillier/packed-answer.ts';
import { sealAnswer } from '../../crypto/statistics/answer-seal.ts';

/** Of whose pages which server's part it is. */
export type AnswerHead = Pick<StatAnswer, 'query' | 'place' | 'selection'>;

/** How a part leaves this server: the numbers are the same in each form. Source: vitals-paillier.md, VD-23. */
export interface AnswerForm {
  /** Under which an answer of this form is kept where one of the other was given first. */
  readonly name: string;
  fits(answer: Uint8Array): boolean;
  /** The key that it is opened by, hex. Throws where there is none. */
  under(): string;
  write(head: AnswerHead, share: readonly bigint[]): Promise<Uint8Array>;
}

/** By HPKE to the researcher's account. Rule VQ-36. */
export const sealedForm = (kemKey: () => Uint8Array): AnswerForm => ({
  name: 'sealed',
  fits: (answer) => !isEncryptedAnswer(answer),
  under: () => bytesToHex(kemKey()),
  async write(head, share) {
    const query = hexToBytes(head.query) ?? new Uint8Array(0);
    const sealed = await sealAnswer(kemKey(), { query, context: answerContext(head) }, share);
    return encodeStatAnswer({ ...head, ...sealed });
  },
});

/** Under his Paillier key: the parts of three servers multiply into one. Rule VD-24. */
export const encryptedForm = (
  encryption: Encryption,
  key: string,
  say: (payload: Uint8Array) => Promise<Uint8Array>,
): AnswerForm => ({
  name: 'encrypted',
  fits: isEncryptedAnswer,
  under: () => key,
  write: async (head, share) =>
    say(
      encodeEncryptedAnswer({
        ...{ ...head, key },
        ciphertext: ciphertextToBytes(encryptPart(encryption, share)),
      }),
    ),
});
