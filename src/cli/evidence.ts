import { isCoded } from '../primitives/errors.ts';
import type { Output } from './output.ts';

/** Names the file of evidence to who reads no JSON, and how far back the two ledgers differ. */
export async function tellingEvidence<T>(
  { note }: Pick<Output, 'note'>,
  work: Promise<T>,
): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (isCoded(error) && error.details.evidence !== undefined) {
      const { evidence, firstHeight } = error.details;
      if (firstHeight !== undefined) note(`The first height that differs is ${firstHeight}.`);
      note(`Keep this evidence: ${evidence}`);
    }
    throw error;
  }
}
