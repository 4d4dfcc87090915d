import { randomBytes } from '../../../../crypto/random.ts';
import { signLabelled } from '../../../../crypto/signature.ts';
import { encodeAs } from '../../../../primitives/shape.ts';
import type { Action } from '../../../../sdk/action.ts';
import { registration, signedRegistration } from '../../api/registration.ts';
import { vitalsNames } from '../../names.ts';

/** What a patient signs for a sensor of hers; who hands it to the three servers is the caller's business. Rule VS-6. */
export const signRegistration: Action<
  {
    readonly sensorKey: Uint8Array;
    readonly panels: readonly number[];
    /** Hex. */
    readonly datasets: readonly string[];
    readonly pseudonym?: Uint8Array;
  },
  { readonly signed: Uint8Array; readonly pseudonym: Uint8Array }
> = {
  name: 'vitals/sign-registration',
  async run(ctx, { sensorKey, panels, datasets, pseudonym = randomBytes(16) }, { signal }) {
    const bytes = encodeAs(registration, {
      ...{ account: ctx.account.account, pseudonym, counter: ctx.nowMs(), sex: 0, ageBand: 0 },
      ...{ region: 0, arm: 0, fromHour: 0, untilHour: 2 ** 32 - 1, datasets },
      sensors: [{ key: sensorKey, panels }],
    });
    const { sign } = await ctx.keys(signal);
    const label = vitalsNames.labels.registration;
    const signature = await signLabelled(sign, label, bytes);
    return { signed: encodeAs(signedRegistration, { registration: bytes, signature }), pseudonym };
  },
};
