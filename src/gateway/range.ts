import { CodedError } from '../primitives/errors.ts';

/**
 * One byte range of RFC 9110 section 14.2; `to` is exclusive. Undefined: the whole, also for units and lists
 * of ranges that we do not serve. Throws BLOB_RANGE when it lies outside.
 */
export function parseRange(
  header: string | undefined,
  size: number,
): { readonly from: number; readonly to: number } | undefined {
  const parts = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '');
  if (parts === null) return undefined;
  const [, first = '', last = ''] = parts;
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const suffix = Number(last);
    if (suffix === 0 || size === 0) throw new CodedError('BLOB_RANGE', { bytes: size });
    return { from: Math.max(0, size - suffix), to: size };
  }
  const from = Number(first);
  const to = last === '' ? size : Math.min(size, Number(last) + 1);
  if (from >= size || to <= from) throw new CodedError('BLOB_RANGE', { bytes: size });
  return { from, to };
}
