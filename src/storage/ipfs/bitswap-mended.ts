import type { PeerId } from '@libp2p/interface';
import { CID } from 'multiformats/cid';
import {
  type BitswapLists,
  keyOf,
  type OutgoingMessage,
  type WantEntry,
  type WantMessage,
} from './bitswap-inside.ts';

/** Of one member: so many blocks are read at a time, and so many of its wants wait. Source: SN-3. */
export const blocksAtOnce = 64;
const maxWaiting = 1_024;
/** A part is read while another is sent. */
export const lanesAtOnce = 4;

/** What is mended of `@helia/bitswap`; only tests leave something out. */
export interface Mended {
  readonly answersAgain: boolean;
  readonly servesInTurns: boolean;
}

/** Two faults of `@helia/bitswap` 4.0.19, avoided, and wants that go together. `bitswap-mended.test.ts` says when they are gone. */
export function mendBitswap(lists: BitswapLists, mended: Mended): void {
  if (mended.answersAgain) answerAgain(lists);
  if (mended.servesInTurns) serveInTurns(lists);
  wantTogether(lists);
}

/**
 * The library opens a stream for every want of one peer. Here those of one turn, and all that come while a message is on
 * its way to that peer, are one message: a thousand small blobs cost a few of them.
 */
function wantTogether({ network }: BitswapLists): void {
  const send = network.sendMessage.bind(network);
  const onTheirWay = new Map<string, Promise<void>>();
  const gathering = new Map<string, { message: OutgoingMessage; sent: Promise<void> }>();

  const begin = async (peer: PeerId, name: string, message: OutgoingMessage): Promise<void> => {
    await onTheirWay.get(name);
    await new Promise((resolve) => setImmediate(resolve));
    gathering.delete(name);
    // Without the signal of one of those who want: the others want on.
    const sending = send(peer, message);
    const settled = sending.catch(() => {});
    onTheirWay.set(name, settled);
    try {
      await sending;
    } finally {
      if (onTheirWay.get(name) === settled) onTheirWay.delete(name);
    }
  };

  network.sendMessage = (peer, message, options) => {
    if (message.blocks.size > 0 || message.blockPresences.size > 0) {
      return send(peer, message, options);
    }
    const name = peer.toString();
    const together = gathering.get(name);
    if (together !== undefined) {
      for (const [key, entry] of message.wantlist) together.message.wantlist.set(key, entry);
      return together.sent;
    }
    const sent = begin(peer, name, message);
    gathering.set(name, { message, sent });
    return sent;
  };
}

/**
 * The library swallows the first repeated request for a block that it has sent to a peer, and any want-block that follows
 * a want-have by more than five seconds, as Go peers ask: its ledger finds the old entry, then drops it as expired.
 */
function answerAgain({ peerWantLists }: BitswapLists): void {
  const receive = peerWantLists.receiveMessage.bind(peerWantLists);
  peerWantLists.receiveMessage = (peer, message) => {
    const wants = peerWantLists.ledgerMap.get(peer)?.wants;
    for (const { cid, cancel } of message.wantlist?.entries ?? []) {
      const key = keyOf(CID.decode(cid));
      if (cancel !== true && wants?.get(key)?.status === 'sent') wants.delete(key);
    }
    receive(peer, message);
  };
}

/**
 * The library reads every block that a peer wants into memory before it sends one: a member that wants 1,024 leaves costs
 * a gibibyte. Here a peer's wants come to it in
 * `lanesAtOnce` parts of `blocksAtOnce`; the others wait, the oldest first.
 */
function serveInTurns({ peerWantLists }: BitswapLists): void {
  const receive = peerWantLists.receiveMessage.bind(peerWantLists);
  const waiting = new Map<string, WantEntry[]>();
  const lanes = new Map<string, number>();

  /** Hands wants to the library and waits until what it took up for them was sent. */
  const sent = async (peer: PeerId, entries: readonly WantEntry[]): Promise<void> => {
    let sending: Promise<unknown> | undefined;
    const ledger = peerWantLists.ledgerMap.get(peer);
    const add = ledger?.sendQueue.add;
    if (ledger !== undefined && add !== undefined) {
      // The library keeps the promise of its queue to itself; receiving adds to it in the same turn.
      ledger.sendQueue.add = (...args) => {
        sending = add.apply(ledger.sendQueue, args);
        return sending;
      };
    }
    try {
      receive(peer, wantsOf(entries));
    } finally {
      if (ledger !== undefined && add !== undefined) ledger.sendQueue.add = add;
    }
    await (sending ?? peerWantLists.ledgerMap.get(peer)?.sendQueue.onIdle());
  };

  const serve = async (peer: PeerId, name: string): Promise<void> => {
    for (;;) {
      const entries = waiting.get(name)?.splice(0, blocksAtOnce / lanesAtOnce) ?? [];
      if (entries.length === 0) break;
      await sent(peer, entries);
    }
    const left = (lanes.get(name) ?? 1) - 1;
    if (left > 0) lanes.set(name, left);
    else {
      lanes.delete(name);
      waiting.delete(name);
    }
  };

  peerWantLists.receiveMessage = (peer, message) => {
    const name = peer.toString();
    const { entries = [], full = false } = message.wantlist ?? {};
    const wanted = entries.filter(({ cancel }) => cancel !== true);
    const queue = full ? [] : (waiting.get(name) ?? []);
    const isCancelled = new Set(
      entries.filter(({ cancel }) => cancel === true).map(({ cid }) => keyOf(CID.decode(cid))),
    );
    const kept = queue.filter(({ cid }) => !isCancelled.has(keyOf(CID.decode(cid))));
    if (wanted.length < entries.length || entries.length === 0) {
      const cancels = entries.filter(({ cancel }) => cancel === true);
      receive(peer, { ...message, ...(cancels.length > 0 && wantsOf(cancels)) });
    }
    if (wanted.length === 0) return;
    waiting.set(name, [...kept, ...wanted].slice(0, maxWaiting));
    while ((lanes.get(name) ?? 0) < lanesAtOnce && (waiting.get(name)?.length ?? 0) > 0) {
      lanes.set(name, (lanes.get(name) ?? 0) + 1);
      // A send that fails is the library's to log; the lane ends with it and the next message opens it again.
      serve(peer, name).catch(() => lanes.delete(name));
    }
  };
}

function wantsOf(entries: readonly WantEntry[]): WantMessage {
  return { wantlist: { full: false, entries }, blocks: [], blockPresences: [] };
}
