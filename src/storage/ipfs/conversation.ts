import type { Stream } from '@libp2p/interface';
import { lpStream } from '@libp2p/utils';
import { isCode } from '../../codes/index.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { bytes, choice, decodeAs, encodeAs, text, uint } from '../../primitives/shape.ts';
import type { StorageMember } from './members.ts';
import type { SwarmNode } from './node.ts';

/** One question a stream, and what comes back: that it is being worked on, the answer, or a code. */
const saidShape = choice({
  working: ['working', { bytes: uint }],
  done: ['done', { answer: bytes() }],
  refused: ['refused', { code: text(64) }],
});

const maxMessageBytes = 64 * 1024;
const questionPatienceMs = 10_000;
const workingEveryMs = 5_000;
/** Without a word for so long the other side is taken for gone. */
const silencePatienceMs = 20_000;

/** Tells the other side that the work goes on, so that it does not take the silence for an end. */
export type Working = (bytes: number) => void;

/** Serves questions on a protocol; what `answer` throws is told by its code. */
export async function answering(
  node: SwarmNode,
  protocol: string,
  answer: (question: Uint8Array, from: StorageMember, working: Working) => Promise<Uint8Array>,
): Promise<void> {
  await node.handle(protocol, async (stream, from) => {
    const io = messagesOf(stream);
    const question = await io.read({ signal: AbortSignal.timeout(questionPatienceMs) });
    let done = 0;
    let last = Promise.resolve();
    const say = (said: Parameters<typeof saidShape.encode>[0]) => {
      last = last.then(() =>
        io.write(encodeAs(saidShape, said), { signal: AbortSignal.timeout(questionPatienceMs) }),
      );
      return last;
    };
    const alive = setInterval(
      () => say({ kind: 'working', bytes: done }).catch(() => {}),
      workingEveryMs,
    );
    try {
      const given = await answer(question.subarray(), from, (bytes) => {
        done += bytes;
      });
      await say({ kind: 'done', answer: given });
    } catch (error) {
      await say({ kind: 'refused', code: isCoded(error) ? error.code : 'INTERNAL' });
      if (!isCoded(error)) throw error;
    } finally {
      clearInterval(alive);
    }
    await stream.close({ signal: AbortSignal.timeout(questionPatienceMs) });
  });
}

export interface Asked {
  readonly member: StorageMember;
  readonly protocol: string;
  readonly question: Uint8Array;
  readonly signal?: AbortSignal;
  /** Between two words of the other side; 20 s. */
  readonly patienceMs?: number;
  /** Told each time that the other side says that it is at work. */
  readonly onWorking?: () => void;
}

/** Asks a member. Throws HOLDER_SILENT {account}, and the code with which it refuses. */
export async function ask(node: SwarmNode, asked: Asked): Promise<Uint8Array> {
  const { member, protocol, question, signal, patienceMs = silencePatienceMs } = asked;
  const { account } = member;
  const within = () =>
    AbortSignal.any([AbortSignal.timeout(patienceMs), ...(signal === undefined ? [] : [signal])]);
  const stream = await node.stream(member, protocol, within());
  try {
    const io = messagesOf(stream);
    await io.write(question, { signal: within() });
    for (;;) {
      const message = await io.read({ signal: within() });
      const said = decodeAs(saidShape, message.subarray());
      if (said.kind === 'working') {
        asked.onWorking?.();
        continue;
      }
      await stream.close({ signal: within() });
      if (said.kind === 'done') return said.answer;
      throw new CodedError(isCode(said.code) ? said.code : 'PIN_REFUSED', { account });
    }
  } catch (error) {
    stream.abort(error instanceof Error ? error : new CodedError('INTERNAL'));
    throw isCoded(error) ? error : new CodedError('HOLDER_SILENT', { account }, error);
  }
}

function messagesOf(stream: Stream) {
  return lpStream(stream, { maxDataLength: maxMessageBytes, maxLengthLength: 4 });
}
