/**
 * By what a caller without a session is counted: his IPv4 address, or the /64 of his IPv6 address, which is what one
 * household gets. Of any other text, as a proxy may send it, a bounded part.
 * Source: docs/protocol/http.md, rule H-22.
 */
export function networkOf(ip: string): string {
  const address = plainAddress(ip);
  const groups = groupsOf(address);
  return groups === undefined ? address.slice(0, 64) : `${groups.slice(0, 4).join(':')}::/64`;
}

/** Of whom many addresses may be: the first two bytes of IPv4, 32 bits of IPv6; this machine is one. */
export function widerNetworkOf(ip: string): string {
  const network = networkOf(ip);
  if (network.startsWith('127.') || network === '0:0:0:0::/64') return 'this machine';
  const isIpv6 = network.includes(':');
  return network
    .split(isIpv6 ? ':' : '.')
    .slice(0, 2)
    .join(isIpv6 ? ':' : '.');
}

/**
 * An address without the port, brackets or zone that a connection or a proxy may add to it, and an IPv4 address that
 * is written as IPv6 (::ffff:0:0/96), in whichever spelling, as itself: a caller has one name, however he is reported.
 * What is no address stays as it is.
 */
export function plainAddress(text: string): string {
  const inside =
    /^\[([^\]]{2,64})\](?::\d{1,5})?$/.exec(text)?.[1] ??
    /^(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}$/.exec(text)?.[1] ??
    text;
  const [address = ''] = inside.split('%', 1);
  const groups = groupsOf(address);
  if (groups === undefined) return inside;
  if (groups.slice(0, 6).join(':') !== '0:0:0:0:0:ffff') return address;
  const [high = 0, low = 0] = groups.slice(6).map((group) => Number.parseInt(group, 16));
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** The eight groups of an IPv6 address, without leading zeros; undefined: it is none. */
function groupsOf(address: string): string[] | undefined {
  if (!/^[0-9a-f:.]{2,45}$/i.test(address) || !address.includes(':')) return undefined;
  const [head = '', tail] = address.split('::');
  const before = partsOf(head);
  const after = partsOf(tail ?? '');
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  const groups = [...before, ...Array<string>(Math.max(0, zeros)).fill('0'), ...after];
  const isAddress = groups.length === 8 && groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group));
  return isAddress ? groups.map((group) => group.replace(/^0+(?=.)/, '').toLowerCase()) : undefined;
}

/** An IPv4 address at the end stands for two groups. */
function partsOf(text: string): string[] {
  if (text === '') return [];
  return text.split(':').flatMap((part) => {
    if (!part.includes('.')) return part;
    const [a = 0, b = 0, c = 0, d = 0] = part.split('.').map(Number);
    return [(a * 256 + b).toString(16), (c * 256 + d).toString(16)];
  });
}
