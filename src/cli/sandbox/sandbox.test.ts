import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { isCoded } from '../../primitives/errors.ts';
import { firstFault, type Link, mineChain } from './chain.ts';
import { drawSandbox } from './draw.ts';
import { noHash, zeroBitsOf } from './mining.ts';
import type { SandboxBlock, SandboxOptions, SandboxReport } from './report.ts';
import { runSandbox } from './sandbox.ts';

const headerAt = (height: number) => createHash('sha256').update(`header ${height}`).digest('hex');

const blocksOf = (count: number, first = 5): SandboxBlock[] =>
  Array.from({ length: count }, (_, i) => ({
    height: first + i,
    headerHex: headerAt(first + i).repeat(3),
    txs: i,
    bytes: 200 * i,
  }));

const options = { blocks: blocksOf(8), difficultyBits: 9, seed: 3, tamperAt: 8 };

/** As a reader of the papers would check it: with another hash function's interface and strings of bits. */
function hashBits(previousHash: string, headerHex: string, nonce: number): [string, string] {
  const hash = createHash('sha256')
    .update(Buffer.from(previousHash, 'hex'))
    .update(Buffer.from(headerHex, 'hex'))
    .update(Buffer.from(nonce.toString(16).padStart(16, '0'), 'hex'))
    .digest('hex');
  return [hash, [...hash].map((d) => Number.parseInt(d, 16).toString(2).padStart(4, '0')).join('')];
}

test('every mined block hashes to what it says, begins with the zeros and follows the one before', async () => {
  const { chain } = await runSandbox(options);
  assert.equal(chain.length, 8);
  let previous = '0'.repeat(64);
  for (const [i, block] of chain.entries()) {
    const [hash, bits] = hashBits(previous, options.blocks[i]?.headerHex ?? '', block.nonce);
    assert.equal(block.previousHash, previous);
    assert.equal(block.hash, hash);
    assert.ok(bits.startsWith('0'.repeat(9)));
    assert.equal(block.zeroBits, bits.indexOf('1'));
    assert.equal(block.txs, i);
    previous = hash;
  }
});

test('leading zero bits are counted as a string of bits has them', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 6 }), fc.nat(5), (tail, zeros) => {
      const hash = Uint8Array.from([...new Uint8Array(zeros), ...tail]);
      const bits = [...hash].map((byte) => byte.toString(2).padStart(8, '0')).join('');
      const expected = bits.includes('1') ? bits.indexOf('1') : bits.length;
      assert.equal(zeroBitsOf(hash), expected);
    }),
  );
});

for (const tamperAt of [5, 8, 12]) {
  test(`a changed block ${tamperAt} is seen at that height, and every later hash changes`, async () => {
    const { tamper, chain } = await runSandbox({ ...options, tamperAt });
    assert.equal(tamper.detectedAtHeight, tamperAt);
    const heights = chain.map(({ height }) => height).filter((height) => height >= tamperAt);
    assert.deepEqual(
      tamper.blocks.map(({ height }) => height),
      heights,
    );
    for (const block of tamper.blocks) {
      assert.notEqual(block.hashAfter, block.hashBefore);
      assert.equal(block.isValid, block.zeroBits >= 9);
      assert.equal(block.hashBefore, chain[block.height - 5]?.hash);
    }
    assert.ok(tamper.blocks.some(({ isValid }) => !isValid));
  });
}

const bits = 4;
const contents = blocksOf(5).map(({ height, txs, bytes, headerHex }) => {
  return { height, txs, bytes, header: Uint8Array.from(Buffer.from(headerHex, 'hex')) };
});
const chainOf = () =>
  mineChain(contents, noHash, { bits, seed: 1, purpose: 'test', signal: undefined });

for (const [name, change] of [
  ['its header', (link: Link) => ({ ...link, header: Uint8Array.of(1) })],
  ['its nonce', (link: Link) => ({ ...link, nonce: link.nonce + 1 })],
  ['its claimed hash', (link: Link) => ({ ...link, hash: noHash })],
  ['the hash it follows', (link: Link) => ({ ...link, previous: noHash })],
] as const) {
  test(`a chain in which a block changed ${name} has its fault at that block`, async () => {
    const chain = await chainOf();
    assert.equal(firstFault(chain, bits), undefined);
    assert.equal(
      firstFault(
        chain.map((link, i) => (i === 2 ? change(link) : link)),
        bits,
      ),
      7,
    );
  });
}

test('a block that was left out, and a chain with too little work, are seen', async () => {
  const chain = await chainOf();
  assert.equal(firstFault(chain.toSpliced(2, 1), bits), 8);
  assert.notEqual(firstFault(chain, 30), undefined);
});

test('the lie that is mined again holds, and costs what all its blocks cost', async () => {
  const { chain, rechained, rewriteCosts, tamper } = await runSandbox(options);
  assert.deepEqual(
    rechained.map(({ height }) => height),
    [8, 9, 10, 11, 12],
  );
  assert.equal(rechained[0]?.previousHash, chain[2]?.hash);
  let previous = chain[2]?.hash ?? '';
  for (const [i, block] of rechained.entries()) {
    const header = options.blocks[i + 3]?.headerHex ?? '';
    const lie = `${header.slice(0, -2)}${(Number.parseInt(header.slice(-2), 16) ^ 1).toString(16).padStart(2, '0')}`;
    const [hash, zeros] = hashBits(previous, i === 0 ? lie : header, block.nonce);
    assert.equal(block.hash, hash);
    assert.ok(zeros.startsWith('0'.repeat(9)));
    previous = hash;
  }
  const cost = rewriteCosts.find(({ fromHeight }) => fromHeight === tamper.height);
  assert.equal(
    cost?.measuredTries,
    rechained.reduce((sum, { tries }) => sum + tries, 0),
  );
  assert.deepEqual(
    rewriteCosts.map(({ blocks, fromHeight, expectedTries }) => [
      blocks,
      fromHeight,
      expectedTries,
    ]),
    Array.from({ length: 8 }, (_, i) => [i + 1, 12 - i, (i + 1) * 512]),
  );
});

test('over many blocks the tries measured come near the tries expected', async () => {
  const { rewriteCosts } = await runSandbox({ blocks: blocksOf(24), difficultyBits: 8, seed: 11 });
  const sum = (pick: (cost: (typeof rewriteCosts)[number]) => number) =>
    rewriteCosts.reduce((total, cost) => total + pick(cost), 0);
  // 300 searches: their mean strays by 6 % as a rule, hardly ever by 25 %.
  const ratio = sum((cost) => cost.measuredTries) / sum((cost) => cost.expectedTries);
  assert.ok(ratio > 0.75 && ratio < 1.25, `ratio ${ratio}`);
});

const three = [
  { name: 'a', share: 6 },
  { name: 'b', share: 3 },
  { name: 'c', share: 1 },
];

/** Every branch from the root, judged without the race's own words. */
function judge({ race }: SandboxReport) {
  const byHash = new Map(race.blocks.map((block) => [block.hash, block]));
  const lengthOf = (hash: string): number => {
    const block = byHash.get(hash);
    return block === undefined ? 0 : 1 + lengthOf(block.previousHash);
  };
  return { byHash, lengthOf };
}

test('in every race the blocks are really mined, and no branch is longer than the chosen one', async () => {
  let forks = 0;
  for (let seed = 1; seed <= 12; seed++) {
    const report = await runSandbox({
      ...options,
      blocks: blocksOf(6),
      difficultyBits: 6,
      seed,
      miners: three,
    });
    const { race } = report;
    const { byHash, lengthOf } = judge(report);
    forks += race.forks.length;
    for (const block of race.blocks) {
      const header = options.blocks[block.height - 5]?.headerHex ?? '';
      const [hash, zeros] = hashBits(block.previousHash, header, block.nonce);
      assert.equal(block.hash, hash);
      assert.ok(zeros.startsWith('0'.repeat(6)));
      assert.equal(lengthOf(block.hash), block.height - 4);
      const parent = byHash.get(block.previousHash);
      assert.ok(parent === undefined || parent.round <= block.round);
    }
    const longest = Math.max(...race.blocks.map(({ hash }) => lengthOf(hash)));
    assert.equal(lengthOf(race.chosenTip.hash), longest);
    assert.equal(race.chosenTip.work, longest * 64);
    assert.equal(race.chosenTip.height, 10);

    const chosen = race.blocks.filter(({ isOnChosenChain }) => isOnChosenChain);
    assert.equal(chosen.length, 6);
    let at = race.chosenTip.hash;
    while (byHash.has(at)) {
      assert.equal(byHash.get(at)?.isOnChosenChain, true);
      at = byHash.get(at)?.previousHash ?? '';
    }
    const rivals = race.blocks.filter(({ hash }) => {
      return lengthOf(hash) === longest && hash !== race.chosenTip.hash;
    });
    const tip = byHash.get(race.chosenTip.hash);
    for (const rival of rivals) assert.ok((tip?.round ?? 0) <= rival.round);

    const heights = race.blocks.map(({ height }) => height);
    const doubled = [...new Set(heights.filter((height, i) => heights.indexOf(height) !== i))];
    assert.deepEqual(race.forks.map(({ height }) => height).sort(), doubled.sort());
    const parents = new Set(race.blocks.map(({ previousHash }) => previousHash));
    assert.deepEqual(
      race.abandonedTips.map(({ hash }) => hash),
      race.blocks
        .map(({ hash }) => hash)
        .filter((hash) => !parents.has(hash) && hash !== race.chosenTip.hash),
    );
    const found = race.miners.reduce((sum, { blocksFound }) => sum + blocksFound, 0);
    assert.equal(found, race.blocks.length);
  }
  assert.ok(forks > 0, 'some races fork');
});

test('who has more of the power tries more and finds more', async () => {
  const found = [0, 0, 0];
  for (let seed = 1; seed <= 8; seed++) {
    const { race } = await runSandbox({
      blocks: blocksOf(12),
      difficultyBits: 6,
      seed,
      miners: three,
    });
    for (const [i, { blocksFound, share }] of race.miners.entries()) {
      found[i] = (found[i] ?? 0) + blocksFound;
      assert.equal(share, [0.6, 0.3, 0.1][i]);
    }
  }
  const [a = 0, b = 0, c = 0] = found;
  assert.ok(a > b && b > c, found.join(' > '));
});

test('one miner alone makes no fork', async () => {
  const { race } = await runSandbox({ ...options, miners: [{ name: 'alone', share: 1 }] });
  assert.deepEqual([race.forks, race.abandonedTips, race.blocks.length], [[], [], 8]);
});

test('the same seed gives the same report and drawing, another seed another', async () => {
  const [one, same, other] = await Promise.all([
    runSandbox(options),
    runSandbox(options),
    runSandbox({ ...options, seed: 4 }),
  ]);
  assert.deepEqual(one, same);
  assert.equal(drawSandbox(one), drawSandbox(same));
  assert.notDeepEqual(one.chain, other.chain);
  assert.deepEqual(JSON.parse(JSON.stringify(one)), one);
});

const two = blocksOf(2);
for (const [name, changed, field] of [
  ['no blocks', { blocks: [] }, 'blocks'],
  ['25 blocks', { blocks: blocksOf(25) }, 'blocks'],
  ['a gap in the heights', { blocks: [...two, ...blocksOf(1, 9)] }, 'height'],
  [
    'a header that is not hex',
    { blocks: [{ height: 1, headerHex: 'x', txs: 0, bytes: 0 }] },
    'headerHex',
  ],
  ['an empty header', { blocks: [{ height: 1, headerHex: '', txs: 0, bytes: 0 }] }, 'headerHex'],
  ['no zero bits', { difficultyBits: 0 }, 'difficultyBits'],
  ['21 zero bits', { blocks: two, tamperAt: 5, difficultyBits: 21 }, 'difficultyBits'],
  ['more work than a minute', { blocks: blocksOf(24), difficultyBits: 18 }, 'difficultyBits'],
  ['half a bit', { difficultyBits: 0.5 }, 'difficultyBits'],
  ['a height that is not among the blocks', { tamperAt: 4 }, 'tamperAt'],
  ['no miners', { miners: [] }, 'miners'],
  ['a miner without power', { miners: [{ name: 'a', share: 0 }] }, 'miners'],
  ['two miners of one name', { miners: [three[0], three[0]].flatMap((m) => m ?? []) }, 'miners'],
  ['a seed that is no whole number', { seed: 0.1 }, 'seed'],
] as const) {
  test(`${name}: USAGE`, async () => {
    const wrong: SandboxOptions = { ...options, ...changed };
    await assert.rejects(
      runSandbox(wrong),
      (error) => isCoded(error, 'USAGE') && error.details.field === field,
    );
  });
}

test('the signal ends it in every phase, and progress is told: INTERRUPTED', async () => {
  const phases = new Set<string>();
  await runSandbox({
    ...options,
    onProgress: ({ phase, done, of }) => {
      assert.ok(done <= of);
      if (done === of) phases.add(phase);
    },
  });
  assert.deepEqual([...phases], ['mine', 'rewrite', 'race']);
  for (const stopAt of phases) {
    const control = new AbortController();
    const running = runSandbox({
      ...options,
      signal: control.signal,
      onProgress: ({ phase, done }) => {
        assert.ok(!control.signal.aborted || phase === 'race', 'nothing is mined after the signal');
        if (phase === stopAt && done === 2) control.abort();
      },
    });
    await assert.rejects(running, (error) => isCoded(error, 'INTERRUPTED'));
  }
});

/** Every tag closed in order, attributes quoted, nothing raw in between. */
function assertWellFormed(svg: string): void {
  const open: string[] = [];
  let at = 0;
  const tag = /<(\/?)([a-z]+)((?: [a-zA-Z0-9:-]+="[^"<&]*")*)(\/?)>/y;
  while (at < svg.length) {
    const next = svg.indexOf('<', at);
    const between = svg.slice(at, next < 0 ? svg.length : next);
    assert.match(between, /^(?:[^<>&]|&(?:amp|lt|gt|quot);)*$/);
    if (next < 0) break;
    tag.lastIndex = next;
    const match = tag.exec(svg);
    assert.ok(match, `a tag at ${svg.slice(next, next + 60)}`);
    const [whole, closing, name = '', , empty] = match;
    if (closing) assert.equal(open.pop(), name);
    else if (!empty) open.push(name);
    at = next + whole.length;
  }
  assert.deepEqual(open, []);
}

test('the drawing is well-formed, self-contained and says that it is for teaching only', async () => {
  const miners = [
    { name: '<b>&"x"</b>', share: 1 },
    { name: 'plain\u0007', share: 1 },
  ];
  const report = await runSandbox({ ...options, difficultyBits: 6, miners });
  const svg = drawSandbox(report);
  assertWellFormed(svg);
  assert.ok(svg.startsWith('<svg xmlns="http://www.w3.org/2000/svg"'));
  assert.equal(svg.match(/Teaching only: in Salus work decides nothing\./g)?.length, 2);
  assert.doesNotMatch(svg, /href|<script|<image|url\(|@import|NaN|undefined/);
  for (const words of ['block 8: changed', 'block 9: broken', 'chosen tip', 'zero bits', 'k = 8']) {
    assert.ok(svg.includes(words), words);
  }
  const { race } = report;
  for (const { hash } of race.blocks) assert.ok(svg.includes(hash.slice(0, 10)));
});

test('a single block is mined, broken, raced and drawn too', async () => {
  const report = await runSandbox({ blocks: blocksOf(1), difficultyBits: 4 });
  assert.equal(report.tamper.detectedAtHeight, 5);
  assert.equal(report.race.chosenTip.height, 5);
  assertWellFormed(drawSandbox(report));
});
