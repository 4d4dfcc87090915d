import type { Server } from 'node:http';
import { isCoded } from '../../primitives/errors.ts';
import { openTlsFront } from '../tls-front.ts';
import { followAuthorities, type KeyOnLedger } from './authorities.ts';
import { machineEndsMs, machineFiles, renewMachine } from './machine.ts';
import { ownIn } from './network.ts';
import { PeerConnections } from './peer-fetch.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** The machine of a member towards those of the others, while its servers run. */
export interface MemberMachine {
  readonly connections: PeerConnections;
  /** Keys of this machine that end, and when. */
  keys(): readonly { readonly name: string; readonly endsMs: number }[];
  /** Lets the machines of the other members call this server, by their certificates; nobody else. Throws PORT_BUSY. */
  listen(server: Server): Promise<void>;
  /**
   * From now on members are believed by the keys that the ledger has of them: looked at now and every minute.
   * Throws HOME_INVALID, and what `keyOf` throws.
   */
  follow(keyOf: KeyOnLedger): Promise<void>;
}

/**
 * Undefined: this home is of no consortium. Renews the machine's certificate now and, while it runs, before it ends. Throws
 * HOME_INVALID.
 */
export async function openMemberMachine(
  home: string,
  running: AsyncDisposableStack,
  host = '0.0.0.0',
): Promise<MemberMachine | undefined> {
  const own = ownIn(home);
  if (own === undefined) return undefined;
  await renewMachine(home, Date.now());
  const connections = new PeerConnections(home, own);
  running.defer(() => connections.close());
  let renewed = () => connections.renew();
  const renewal = setInterval(() => {
    // What fails is seen in selfcheck and by the operator before the end; the next hour tries again.
    void renewMachine(home, Date.now()).then(
      (isNew) => isNew && renewed(),
      () => {},
    );
  }, hourMs);
  renewal.unref();
  running.defer(() => clearInterval(renewal));
  return {
    connections,
    keys: () => {
      const endsMs = machineEndsMs(home);
      return endsMs === undefined ? [] : [{ name: 'machine', endsMs }];
    },
    follow: async (keyOf) => {
      const look = async () => {
        const changed = await followAuthorities(home, keyOf, Date.now());
        if (changed.length > 0) renewed();
      };
      // What fails now is tried again in a minute: a ledger that does not answer yet must not keep a hospital from starting.
      await look().catch((error: unknown) => {
        if (!isCoded(error) || error.kind !== 'unavailable') throw error;
      });
      const looking = setInterval(() => void look().catch(() => {}), minuteMs);
      looking.unref();
      running.defer(() => clearInterval(looking));
    },
    listen: async (server) => {
      const { cert, key, members } = machineFiles(home);
      const front = await openTlsFront(
        server,
        { cert, key, clients: members },
        { port: own.ports.peers, host },
      );
      running.defer(() => front.close());
      renewed = () => {
        connections.renew();
        front.renew();
      };
    },
  };
}
