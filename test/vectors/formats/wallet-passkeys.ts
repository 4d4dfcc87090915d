import { encodeCbor } from '../../../src/primitives/cbor.ts';
import {
  type PasskeyAnswer,
  unwrapByPasskey,
  wrapForPasskey,
} from '../../../src/sdk/wallet/passkey.ts';
import type { Unlocker } from '../../../src/sdk/wallet/unlock.ts';
import { withFixedRandomness } from './fixed-randomness.ts';
import { codeOf, type Format, hex, hexOfAll, pattern } from './write.ts';

const root = pattern(32, 11);
const made = {
  credentialId: pattern(20, 13),
  prfInput: pattern(32, 14),
  prfOutput: pattern(32, 15),
};

/** As it stands in the file. */
const encoded = ({ kind, parameters, wrap }: Unlocker): string =>
  hex(encodeCbor([kind, parameters, wrap]));

export const walletPasskeys: Format = {
  about:
    'wallet.md W-32: the root wrapped for what a passkey gives (drawn: the nonce), as the unlocker stands in the file; then answers that open nothing, with the code',
  async cases() {
    const { result, drawn } = await withFixedRandomness('wallet passkey', () =>
      wrapForPasskey(made, root),
    );
    const answers: readonly PasskeyAnswer[] = [
      { ...made, prfOutput: pattern(32, 16) },
      { ...made, prfOutput: pattern(31, 15) },
      { ...made, credentialId: pattern(20, 17) },
    ];
    const refusals = await Promise.all(
      answers.map(async (answer) => ({
        unlocker: encoded(result),
        credentialId: hex(answer.credentialId),
        prfOutput: hex(answer.prfOutput),
        refused: await codeOf(() => unwrapByPasskey(answer, [result])),
      })),
    );
    const { credentialId, prfInput, prfOutput } = made;
    return [
      {
        ...{ root: hex(root), credentialId: hex(credentialId), prfInput: hex(prfInput) },
        ...{ prfOutput: hex(prfOutput), drawn: hexOfAll(drawn), unlocker: encoded(result) },
      },
      ...refusals,
    ];
  },
};
