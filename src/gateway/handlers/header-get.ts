import { textOfBytes } from '../../api/message-parts.ts';
import { headerGet } from '../../api/routes/header-get.ts';
import { handler } from '../handler.ts';

/** Header, votes and the validators who cast them, and the signatures of witnesses that were handed over. Throws HEIGHT_UNKNOWN. Source: rule H-8. */
export const handleHeaderGet = handler(headerGet, async ({ gateway, params }) => {
  const { engine } = gateway.options;
  const height = params.height === 'latest' ? engine.status().height : params.height;
  const signed = await engine.signedHeader(height);
  const witnesses = gateway.cosignatures.of(height);
  return {
    height,
    header: textOfBytes(signed.header),
    commit: textOfBytes(signed.commit),
    validators: signed.validators.map(({ publicKey, power }) => ({
      publicKey: textOfBytes(publicKey),
      power,
    })),
    ...(witnesses.length > 0 && {
      witnesses: witnesses.map(({ publicKey, signature }) => ({
        publicKey: textOfBytes(publicKey),
        signature: textOfBytes(signature),
      })),
    }),
  };
});
