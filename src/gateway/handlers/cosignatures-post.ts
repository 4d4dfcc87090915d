import { bytesOfText } from '../../api/message-parts.ts';
import { cosignaturesPost } from '../../api/routes/cosignatures-post.ts';
import { handler } from '../handler.ts';

/** Throws as `Cosignatures.take`. Source: docs/protocol/following.md, rule F-15. */
export const handleCosignaturesPost = handler(
  cosignaturesPost,
  async ({ gateway, caller, body }) => {
    const signatures = body.signatures.map(({ height, signature }) => ({
      height,
      signature: bytesOfText(signature, 64),
    }));
    const publicKey = bytesOfText(body.publicKey, 32);
    return { kept: await gateway.cosignatures.take(caller.account, publicKey, signatures) };
  },
);
