import { signLabelled, verifyLabelled } from '../../../../crypto/signature.ts';
import { equalBytes } from '../../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../../primitives/errors.ts';
import { bytes, decodeAs, encodeAs, list, struct } from '../../../../primitives/shape.ts';
import { pagesPerUpload } from '../../api/page.ts';
import { pagesAskedAfter, pagesStated, signedPagesAsked } from '../../api/page-states.ts';
import { signedStatement, statement } from '../../api/statement.ts';
import { edgesVersion } from '../../crypto/histogram-edges.ts';
import type { PageArithmetic } from '../../crypto/pages/page-arithmetic.ts';
import { pageIdOf } from '../../crypto/pages/page-head.ts';
import { encodePage, withBlankRows } from '../../crypto/pages/page-values.ts';
import { vitalsNames } from '../../names.ts';
import type { ForgetfulServers } from './forgetful-servers.ts';
import { type SensorLine, signPages, uploadsOf } from './page-upload.ts';
import type { QueuedPage, SensorQueue } from './sensor-queue.ts';

/** One of the three servers as a sensor reaches it. */
export interface UplinkServer {
  /** The key by which it signs what it says. */
  readonly signKey: Uint8Array;
  /** Hands an upload in; the server's signed statement. Throws GATEWAY_UNREACHABLE, and what the server refuses. */
  readonly upload: (upload: Uint8Array) => Promise<Uint8Array>;
  /** What became of pages (`signedPagesAsked`); its signed statement. */
  readonly states: (asked: Uint8Array) => Promise<Uint8Array>;
  /** Hands over the newest registration that is kept of its patient. False: none that may be. Throws as `upload`. Rule VS-22a. */
  readonly register: () => Promise<boolean>;
}

export interface Sent {
  /** Pages that all three accepted. */
  readonly done: number;
  /** Refused by a server, and why; they are shared anew next time, or wait for a server that does not know their sensor. */
  readonly refused: readonly {
    readonly panel: number;
    readonly sequence: number;
    readonly code: string;
  }[];
  /** Still being judged. */
  readonly waiting: number;
}

/** What handing a sharing in came to, of one page. */
interface HandedIn {
  /** Why a server refused it. */
  readonly refusal: CodedError | undefined;
  /** What a server said just now that does not know the sensor. */
  readonly unknown: CodedError | undefined;
  /** Places of servers for which it is kept. */
  readonly keptFor: readonly number[];
}

/** The three uploads of several pages as they are written down before they are sent; empty: that server was handed its own. */
const sharing = struct({ uploads: list(bytes(), { least: 3, most: 3 }), pages: list(bytes(16)) });
const none = new Uint8Array(0);

/** Sends what waits in a queue to the three servers. Rules VS-20 to VS-24. */
export class Uplink {
  readonly #of: {
    readonly arithmetic: PageArithmetic;
    readonly line: SensorLine;
    readonly servers: readonly UplinkServer[];
    readonly queue: SensorQueue;
    readonly forgetful: ForgetfulServers;
  };

  /** After a refusal each page is sent by itself once, so that one does not hold the others up. */
  #alone = false;

  constructor(of: {
    readonly arithmetic: PageArithmetic;
    readonly line: SensorLine;
    readonly servers: readonly UplinkServer[];
    readonly queue: SensorQueue;
    readonly forgetful: ForgetfulServers;
  }) {
    this.#of = of;
  }

  /** Whether pages go with recovery envelopes: all three servers have published a key (rule VS-28). */
  get makesEnvelopes(): boolean {
    return this.#of.line.recoveryKeys !== undefined;
  }

  /**
   * One turn: up to 16 closed pages are shared (once), sent to all three, and asked after. What a server refuses is told; what
   * cannot be sent now stays. Throws GATEWAY_UNREACHABLE, GATEWAY_LIED (not signed by its server).
   */
  async send(): Promise<Sent> {
    const { queue } = this.#of;
    const closed = await queue.closed(pagesPerUpload);
    if (closed.length === 0) return { done: 0, refused: [], waiting: 0 };
    const fresh = closed.filter(({ shared }) => shared === undefined);
    const groups = this.#alone ? fresh.map((page) => [page]) : [fresh];
    for (const group of groups) if (group.length > 0) await this.#share(group);
    if (fresh.length > 0) this.#alone = false;
    const shared = await queue.closed(pagesPerUpload);
    return this.#settle(shared, await this.#handIn(shared));
  }

  /** A page that was shared together with others is sent together with them for ever. */
  async #share(pages: readonly QueuedPage[]): Promise<void> {
    const { arithmetic, line, queue } = this.#of;
    const numbered = pages.map(({ panel, sequence, startHour, rows }) => {
      const measured = rows.map((row) => row.values);
      const readings = withBlankRows(panel, measured);
      return { sequence, startHour, values: encodePage(readings, { panel, edges: edgesVersion }) };
    });
    const signed = await signPages(arithmetic, line, numbered);
    const uploads = await uploadsOf(line, signed);
    const ids = signed.pages.map(({ shared }) => shared.head.page);
    const kept = encodeAs(sharing, { uploads, pages: ids });
    for (const page of pages) await queue.keepShared(page, kept);
  }

  /** Each sharing to each server, once, and to one that does not know the sensor when it may be asked again. */
  async #handIn(pages: readonly QueuedPage[]): Promise<ReadonlyMap<QueuedPage, HandedIn>> {
    const handedIn = new Map<QueuedPage, HandedIn>();
    const sharings: { readonly shared: Uint8Array; readonly pages: QueuedPage[] }[] = [];
    for (const page of pages) {
      const { shared } = page;
      if (shared === undefined) continue;
      const known = sharings.find((it) => equalBytes(it.shared, shared));
      if (known === undefined) sharings.push({ shared, pages: [page] });
      else known.pages.push(page);
    }
    for (const { shared, pages: together } of sharings) {
      const { left, ...came } = await this.#handInOne(shared);
      if (came.refusal !== undefined && together.length > 1) this.#alone = true;
      for (const page of together) {
        handedIn.set(page, came);
        if (left !== undefined) await this.#of.queue.keepShared(page, left);
      }
    }
    return handedIn;
  }

  /** `left`: the sharing as it is written down from now on; undefined: as before. */
  async #handInOne(shared: Uint8Array): Promise<HandedIn & { readonly left?: Uint8Array }> {
    const { uploads, pages } = decodeAs(sharing, shared);
    const left: Uint8Array[] = [];
    const keptFor: number[] = [];
    let refusal: CodedError | undefined;
    let unknown: CodedError | undefined;
    for (const [place, upload] of uploads.entries()) {
      // Handed in before: sent again, it could take the place of a later sharing of one of its pages.
      const came = upload.length === 0 ? { isKept: false } : await this.#handTo(place, upload);
      left.push(came.isKept ? upload : none);
      if (came.isKept) keptFor.push(place);
      if (came.isKept) unknown = came.refusal ?? unknown;
      else refusal = came.refusal ?? refusal;
    }
    const came = { refusal, unknown, keptFor };
    const isAsBefore = left.every((it, place) => it === uploads[place] || !uploads[place]?.length);
    return isAsBefore ? came : { ...came, left: encodeAs(sharing, { uploads: left, pages }) };
  }

  /** `isKept`: the server does not know the sensor, and is handed the upload later. Rule VS-22a. */
  async #handTo(
    place: number,
    upload: Uint8Array,
  ): Promise<{ readonly isKept: boolean; readonly refusal?: CodedError | undefined }> {
    const { forgetful } = this.#of;
    if (forgetful.isPausing(place)) return { isKept: true };
    const isFirst = !forgetful.has(place);
    // Whatever it says to that: it may know a later registration meanwhile, which names the sensor.
    if (!isFirst) await this.#register(place);
    let refusal = await this.#refusalOf(place, upload);
    if (isFirst && isUnknown(refusal)) {
      forgetful.met(place);
      if (await this.#register(place)) refusal = await this.#refusalOf(place, upload);
    }
    if (isUnknown(refusal)) forgetful.pause(place);
    else forgetful.heard(place);
    return { isKept: isUnknown(refusal), refusal };
  }

  /** Undefined: it was taken. */
  async #refusalOf(place: number, upload: Uint8Array): Promise<CodedError | undefined> {
    try {
      await this.#of.servers[place]?.upload(upload);
      return undefined;
    } catch (error) {
      if (!isCoded(error) || isPassing(error)) throw error;
      return error;
    }
  }

  /** Whether that server took the registration. */
  async #register(place: number): Promise<boolean> {
    try {
      return (await this.#of.servers[place]?.register()) ?? false;
    } catch (error) {
      if (!isCoded(error) || isPassing(error)) throw error;
      return false;
    }
  }

  async #settle(
    pages: readonly QueuedPage[],
    handedIn: ReadonlyMap<QueuedPage, HandedIn>,
  ): Promise<Sent> {
    const { queue, line, servers } = this.#of;
    const ids = pages.map((it) => pageIdOf(line.key.publicKey, it.panel, it.sequence));
    const asked = await this.#asked(ids);
    const stated = await Promise.all(servers.map((server) => this.#states(server, ids, asked)));
    const refused: Sent['refused'][number][] = [];
    let done = 0;
    for (const [at, page] of pages.entries()) {
      const { panel, sequence } = page;
      const theirs = stated.map((ofServer) => ofServer[at]);
      const no = theirs.find((it) => it?.state === 'refused');
      const { refusal, unknown, keptFor = [] } = handedIn.get(page) ?? {};
      // A server that knows nothing of it was set back meanwhile: it needs a sharing of its own.
      const isLost = theirs.some((it, at) => it?.state === 'unknown' && !keptFor.includes(at));
      const code = refusal?.code ?? no?.code ?? (isLost ? 'PEER_DISAGREES' : undefined);
      if (theirs.every((it) => it?.state === 'accepted')) {
        await queue.done(page);
        done += 1;
      } else if (code !== undefined) {
        await (isTooOld(refusal, page) ? queue.giveUp(page) : queue.again(page));
        refused.push({ panel, sequence, code });
      } else if (unknown !== undefined) refused.push({ panel, sequence, code: unknown.code });
    }
    return { done, refused, waiting: pages.length - done - refused.length };
  }

  async #asked(ids: readonly Uint8Array[]): Promise<Uint8Array> {
    const { key } = this.#of.line;
    const pages = encodeAs(pagesAskedAfter, ids);
    const signature = await signLabelled(key, vitalsNames.labels.pageStates, pages);
    return encodeAs(signedPagesAsked, { pages, sensor: key.publicKey, signature });
  }

  async #states(server: UplinkServer, ids: readonly Uint8Array[], asked: Uint8Array) {
    const signed = await server.states(asked);
    const { statement: said, signature } = decodeAs(signedStatement, signed);
    const label = vitalsNames.labels.statement;
    if (!(await verifyLabelled(server.signKey, label, said, signature)))
      throw new CodedError('GATEWAY_LIED');
    const states = decodeAs(pagesStated, decodeAs(statement, said).payload);
    const isOfThese = states.every(({ page }, at) => equalBytes(page, ids[at] ?? page));
    if (!isOfThese || states.length !== ids.length) throw new CodedError('GATEWAY_LIED');
    return states;
  }
}

/** No server takes this page any more; one of the others that it was sent with may be the cause. */
const isTooOld = (refusal: CodedError | undefined, { startHour }: QueuedPage): boolean =>
  refusal?.code === 'PAGE_STALE' &&
  refusal.details.because === 'old' &&
  refusal.details.startHour === startHour;

const isUnknown = (refusal: CodedError | undefined): boolean => refusal?.code === 'SENSOR_UNKNOWN';

/** It is tried again as it is. */
const isPassing = ({ kind }: CodedError): boolean => kind === 'unavailable' || kind === 'fault';
