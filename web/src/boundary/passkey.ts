import type { Passkey, PasskeyAnswer } from '../worker/passkey-types.ts';

/**
 * Authenticators answer pages alone, so here, and only for a moment, the page holds 32 secret bytes: they go to the
 * worker and are kept nowhere.
 */

/** At an IP address no passkey can be made, and some browsers have none at all. */
export function passkeyProblem(): 'address' | 'browser' | undefined {
  if (/^(\d{1,3}\.){3}\d{1,3}$|^\[/u.test(location.hostname)) return 'address';
  return 'PublicKeyCredential' in globalThis ? undefined : 'browser';
}

/** A person closed the browser's question, or it ended: not worth a word. */
export class PasskeyGone extends Error {}
/** The authenticator has no PRF extension: it signs people in, and opens nothing. */
export class PasskeyWeak extends Error {}

const prfInputOf = (): Uint8Array<ArrayBuffer> => crypto.getRandomValues(new Uint8Array(32));

interface PrfResults {
  readonly prf?: {
    readonly enabled?: boolean;
    readonly results?: { readonly first?: BufferSource };
  };
}

/** Makes a passkey for this site. Throws PasskeyGone, PasskeyWeak. */
export async function makePasskey(label: string): Promise<Passkey & PasskeyAnswer> {
  const prfInput = prfInputOf();
  const made = await asked(
    navigator.credentials.create({
      publicKey: {
        challenge: crypto.getRandomValues(new Uint8Array(32)),
        rp: { name: 'Salus', id: location.hostname },
        user: { id: crypto.getRandomValues(new Uint8Array(16)), name: label, displayName: label },
        pubKeyCredParams: [
          { type: 'public-key', alg: -7 },
          { type: 'public-key', alg: -8 },
          { type: 'public-key', alg: -257 },
        ],
        authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
        extensions: { prf: { eval: { first: prfInput } } } as AuthenticationExtensionsClientInputs,
      },
    }),
  );
  const credentialId = new Uint8Array(made.rawId);
  const results = made.getClientExtensionResults() as PrfResults;
  const first = results.prf?.results?.first;
  if (first !== undefined) return { credentialId, prfInput, prfOutput: bytesOf(first) };
  if (results.prf?.enabled !== true) throw new PasskeyWeak();
  // Some authenticators give it only when they are asked, not when they are made.
  const { prfOutput } = await askPasskey([{ credentialId, prfInput }]);
  return { credentialId, prfInput, prfOutput };
}

/** Asks for one of these. Throws PasskeyGone, PasskeyWeak. */
export async function askPasskey(passkeys: readonly Passkey[]): Promise<PasskeyAnswer> {
  const evalByCredential = Object.fromEntries(
    passkeys.map((it) => [base64url(it.credentialId), { first: it.prfInput as BufferSource }]),
  );
  const given = await asked(
    navigator.credentials.get({
      publicKey: {
        challenge: crypto.getRandomValues(new Uint8Array(32)),
        rpId: location.hostname,
        userVerification: 'required',
        allowCredentials: passkeys.map((it) => ({
          type: 'public-key',
          id: it.credentialId as BufferSource,
        })),
        extensions: { prf: { evalByCredential } } as AuthenticationExtensionsClientInputs,
      },
    }),
  );
  const first = (given.getClientExtensionResults() as PrfResults).prf?.results?.first;
  if (first === undefined) throw new PasskeyWeak();
  return { credentialId: new Uint8Array(given.rawId), prfOutput: bytesOf(first) };
}

async function asked(work: Promise<Credential | null>): Promise<PublicKeyCredential> {
  const credential = await work.catch((cause: unknown) => {
    throw new PasskeyGone('', { cause });
  });
  if (credential === null) throw new PasskeyGone();
  return credential as PublicKeyCredential;
}

const bytesOf = (source: BufferSource): Uint8Array =>
  source instanceof ArrayBuffer
    ? new Uint8Array(source)
    : new Uint8Array(source.buffer, source.byteOffset, source.byteLength).slice();

const base64url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/u, '');
