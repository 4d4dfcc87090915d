import type { ItemStore } from './item-store.ts';

/** Opens the store of one wallet, by its name: the same name, the same place. */
export type OpenItemStore = (wallet: string) => ItemStore;

/**
 * What every item store does, an adapter starts by passing this: named rules, each a function that throws when it is broken,
 * because a page in a browser plays them too.
 */
export const itemStoreRules: readonly (readonly [
  rule: string,
  holds: (open: OpenItemStore) => Promise<void>,
])[] = [
  [
    'Nothing lies in a place before something is saved',
    async (open) => {
      const store = open('nobody');
      same(await store.load('list'), undefined);
      same(await store.names(), []);
      await store.drop(['list']);
    },
  ],
  [
    'What was saved comes back from the same place, byte for byte',
    async (open) => {
      const large = new Uint8Array(3_000_000).map((_, at) => at % 251);
      await open('bytes').save(
        new Map([
          ['list', of(1, 2)],
          ['a'.repeat(32), large],
        ]),
      );
      const again = open('bytes');
      same(await again.load('list'), of(1, 2));
      same(await again.load('a'.repeat(32)), large);
      same([...(await again.names())].sort(), ['a'.repeat(32), 'list']);
    },
  ],
  [
    'A name that is saved again has the newer bytes alone',
    async (open) => {
      const store = open('again');
      await store.save(new Map([['list', of(1, 2, 3)]]));
      await store.save(new Map([['list', of(4)]]));
      same(await store.load('list'), of(4));
      same(await store.names(), ['list']);
    },
  ],
  [
    'What is dropped is gone, and everything else stays',
    async (open) => {
      const store = open('dropping');
      await store.save(
        new Map([
          ['a', of(1)],
          ['b', of(2)],
          ['c', of(3)],
        ]),
      );
      await store.drop(['a', 'c', 'never-there']);
      same(await store.load('a'), undefined);
      same(await store.names(), ['b']);
      same(await store.load('b'), of(2));
    },
  ],
  [
    'One wallet does not see what lies beside another, also where one name begins as the other does',
    async (open) => {
      await open('ana').save(new Map([['list', of(1)]]));
      same(await open('ana2').load('list'), undefined);
      same(await open('ana2').names(), []);
      same(await open('an').names(), []);
    },
  ],
  [
    'Two who work under the lock wait for each other, and one that fails lets the next one in',
    async (open) => {
      const order: string[] = [];
      const work = (name: string) => async () => {
        order.push(`${name} begins`);
        await new Promise((resolve) => setTimeout(resolve, 30));
        order.push(`${name} ends`);
      };
      await Promise.all([open('lock').locked(work('one')), open('lock').locked(work('two'))]);
      const [first = '', , third = ''] = order;
      same(order, [first, first.replace('begins', 'ends'), third, third.replace('begins', 'ends')]);
      const failed = await open('lock')
        .locked(() => Promise.reject(new Error('stopped')))
        .catch((error: unknown) => String(error));
      same(failed, 'Error: stopped');
      same(await open('lock').locked(async () => 'in'), 'in');
    },
  ],
];

const of = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes);

function same(found: unknown, expected: unknown): void {
  const [a, b] = [found, expected].map(plain);
  if (a !== b) throw new Error(`expected ${b?.slice(0, 200)}, found ${a?.slice(0, 200)}`);
}

const plain = (value: unknown): string =>
  value === undefined
    ? 'undefined'
    : JSON.stringify(value instanceof Uint8Array ? ['bytes', ...value] : value);
