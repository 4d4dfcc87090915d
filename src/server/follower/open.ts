import { join } from 'node:path';
import { textOfBytes } from '../../api/message-parts.ts';
import { cosignaturesPost } from '../../api/routes/cosignatures-post.ts';
import { verifyVote } from '../../crypto/signature.ts';
import { engineGenesis } from '../../engines/embedded/open.ts';
import type { FollowedEvidence } from '../../engines/follower/followed-chain.ts';
import { openFollowerEngine } from '../../engines/follower/open.ts';
import type { LayerSizes } from '../../engines/layer-sizes.ts';
import { openLedgerApplication } from '../../engines/ledger-application/open.ts';
import type { TrustRoot } from '../../ledger/chain/trust-root.ts';
import { parseGenesis } from '../../ledger/genesis.ts';
import { utf8 } from '../../primitives/bytes.ts';
import { type CodedError, isCoded } from '../../primitives/errors.ts';
import type { AccountId } from '../../primitives/ids.ts';
import { GatewayClient } from '../../sdk/client/gateway-client.ts';
import { Http } from '../../sdk/client/http.ts';
import { keySession } from '../../sdk/client/session.ts';
import { formatEvidence, withEvidence } from '../../sdk/ledger/evidence.ts';
import { pointOf } from '../../sdk/ledger/ledger-point.ts';
import { writeWhole } from '../files.ts';
import type { Hospital } from '../home-members.ts';
import { type RunningLedger, signatureChecks } from '../ledger.ts';
import { witnessKey } from '../witness/key.ts';
import { recordFolder, WitnessRecord } from '../witness/record.ts';
import { Cosigner, type SignatureKeeper } from './cosigner.ts';
import { answerOf, OperatorSource } from './operator-source.ts';
import { type Followed, operatorOf } from './settings.ts';

export interface FollowOptions {
  /** Of the ledger, in the home. */
  readonly folder: string;
  readonly genesisBytes: Uint8Array;
  readonly followed: Followed;
  /** Signs in at the operator. */
  readonly hospital: Pick<Hospital, 'account' | 'signingKey'>;
  readonly gathered?: LayerSizes;
  readonly onFault: (error: unknown) => void;
  /** The operator does not take this witness's signatures. */
  readonly onRefused: (keeper: string, error: CodedError) => void;
}

/** Below the ledger's folder; never in a backup (F-7). */
export const witnessKeyIn = (folder: string): string => join(folder, 'witness.key');

/**
 * Follows the operator's ledger, with a state of this home's own, and cosigns its headers. Throws as `openFollowerEngine`, with the name of
 * the file that holds the evidence; LEDGER_LOCKED, HOME_INVALID (witness.key).
 */
export async function openFollowedLedger(
  options: FollowOptions,
  running: AsyncDisposableStack,
): Promise<RunningLedger> {
  const { folder, genesisBytes, followed, hospital, onFault, onRefused, gathered } = options;
  const { of, trustRoot } = followed;
  const genesis = parseGenesis(genesisBytes);
  const { organisation, urls } = operatorOf(genesis, of);
  const { chainId } = genesis;
  const { account } = hospital;
  /** A hospital's gateway at the operator, where this one is signed in. */
  const signedInAt = (at: AccountId, url: string): GatewayClient => {
    const plain = new GatewayClient(new Http(url));
    const session = { account, organisation: at, chainId };
    return plain.as(keySession(plain, session, async () => hospital.signingKey, Date.now));
  };
  const gateway = signedInAt(organisation, of);

  const key = witnessKeyIn(folder);
  const signer = witnessKey(key);
  const record = new WitnessRecord(recordFolder(key, trustRoot), signer.publicKey, trustRoot);
  running.defer(() => record.close());
  record.lock();
  const cosigner = new Cosigner({ record, signer, trustRoot, onRefused });
  let told: unknown;
  const tell = (error: unknown, evidence: FollowedEvidence) => {
    told = keptEvidence(error, evidence, { record, of, trustRoot });
    onFault(told);
  };
  const engine = await openFollowerEngine({
    ...{ directory: folder, trustRoot, verifyVote, source: new OperatorSource(gateway) },
    genesis: engineGenesis(genesisBytes),
    openApplication: () =>
      openLedgerApplication({
        ...{ path: join(folder, 'state.db'), genesis: genesisBytes, verify: signatureChecks },
        ...(gathered !== undefined && { gathered }),
      }),
    untoldFrom: record.lastHeight() + 1,
    onHeader: (signed) => cosigner.meet(signed),
    onFault: tell,
  }).catch((error: unknown) => {
    throw told ?? error;
  });
  running.defer(() => engine.close());
  cosigner.settle();
  cosigner.handTo(keeperAt('operator', gateway));
  // Whoever asks one of the operator's other hospitals finds them there.
  for (const [other, url] of urls) {
    if (other === organisation || other === account) continue;
    cosigner.handTo(ifThere(keeperAt(other, signedInAt(other, url))));
  }
  running.defer(() => cosigner.close());
  return { engine, witness: cosigner, urls };
}

const keeperAt = (name: string, gateway: GatewayClient): SignatureKeeper => ({
  name,
  keep: (publicKey, signatures) =>
    gateway.call(cosignaturesPost, {
      body: {
        publicKey: textOfBytes(publicKey),
        signatures: signatures.map(({ height, signature }) => ({
          ...{ height, signature: textOfBytes(signature) },
        })),
      },
    }),
});

/** A founder that has gone to a machine of its own is not at the operator's any more, and is not waited for. */
const ifThere = ({ name, keep }: SignatureKeeper): SignatureKeeper => ({
  name,
  keep: (publicKey, signatures) =>
    keep(publicKey, signatures).catch((error: unknown) => {
      if (!isCoded(error, 'NOT_FOUND')) throw error;
    }),
});

/** The error, with the name of the file that holds what does not fit; without such an answer there is nothing to show. */
function keptEvidence(
  error: unknown,
  { known, shown }: FollowedEvidence,
  of: { readonly record: WitnessRecord; readonly of: string; readonly trustRoot: TrustRoot },
): unknown {
  if (!isCoded(error) || error.kind !== 'verification' || shown.length === 0) return error;
  const seenMs = Date.now();
  const evidence = {
    ...{ error, seenMs, gateway: of.of, shown: shown.map(answerOf) },
    known: known && pointOf(answerOf(known)),
  };
  const file = join(of.record.folder, `evidence-${error.code}-${seenMs}.json`);
  writeWhole(file, utf8(formatEvidence(evidence, of.trustRoot)));
  return withEvidence(error, file);
}
