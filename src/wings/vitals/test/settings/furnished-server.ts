import { uploadsOf } from '../../sdk/sensor/page-upload.ts';
import { valuesOf } from './pages.ts';
import type { ThreeServers } from './three-servers.ts';

/** What the first server has beside sealed pages: pages that are accepted and in no batch, one that waits and was spoken of, a question, its answer, a group that was looked at. */
export async function furnish(three: ThreeServers): Promise<void> {
  await three.uploadTogether(await three.signTogether([valuesOf(1, 7, 5), valuesOf(3, 8, 6)], 20));
  await three.judge();
  const waiting = await three.signTogether([valuesOf(1, 5, 4)], 7);
  const [upload] = await uploadsOf(three.line, waiting);
  await three.server(0).upload(upload);
  await three.server(0).judge();
  const { questions } = three.server(0).base;
  const of = { query: '01'.repeat(32), researcher: 'aa', dataset: 'bb' };
  const bytes = new Uint8Array(32).fill(1);
  await questions.begin({ ...of, signed: bytes, selection: bytes }, new Uint8Array(48), () => {});
  await questions.keep(of.query, bytes);
  await questions.look({ ...of, quarter: 1, group: bytes }, 9);
}
