/**
 * By what a caller without a session is counted: his IPv4 address, or the /64 of his IPv6 address, which is what one
 * household gets. Of any other text, as a proxy may send it, a bounded part.
 * Source: docs/protocol/http.md, rule H-22.
 */
export function networkOf(ip: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1];
  if (mapped !== undefined) return mapped;
  const [address = ''] = ip.split('%', 1);
  const groups = groupsOf(address);
  return groups === undefined ? ip.slice(0, 64) : `${groups.slice(0, 4).join(':')}::/64`;
}

/** The eight groups of an IPv6 address, without leading zeros; undefined: it is none. */
function groupsOf(address: string): string[] | undefined {
  if (!/^[0-9a-f:.]{2,45}$/i.test(address) || !address.includes(':')) return undefined;
  const [head = '', tail] = address.split('::');
  const before = partsOf(head);
  const after = partsOf(tail ?? '');
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  const groups = [...before, ...Array<string>(Math.max(0, zeros)).fill('0'), ...after];
  return groups.length === 8
    ? groups.map((group) => group.replace(/^0+(?=.)/, '').toLowerCase())
    : undefined;
}

/** An IPv4 address at the end stands for two groups, which no /64 reaches. */
function partsOf(text: string): string[] {
  if (text === '') return [];
  return text.split(':').flatMap((part) => (part.includes('.') ? ['0', '0'] : part));
}
