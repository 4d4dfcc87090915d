import type { MinedBlock, RaceBlock, SandboxReport } from './report.ts';

const left = 24;
const column = 164;
const boxWidth = 144;
const boxHeight = 64;
const lane = boxHeight + 22;

/** Border and filling; every meaning also stands in words, for those who see no colours. */
const looks = {
  valid: ['#2f6f4f', '#eaf5ee'],
  changed: ['#8a1c1c', '#f7d4d0'],
  broken: ['#b3541e', '#fdeee2'],
  lost: ['#6b6b6b', '#eeeeee'],
} as const;

type Look = keyof typeof looks;

/** The report as one SVG file without links, scripts or fonts of its own. */
export function drawSandbox(report: SandboxReport): string {
  const count = report.chain.length;
  const { parts, bottom } = draw(report);
  const width = Math.max(900, left * 2 + count * column);
  const height = bottom + 40;
  const about = `${count} blocks mined with ${report.difficultyBits} leading zero bits; block ${report.tamper.height} changed; forks: ${report.race.forks.length}; the chosen tip is ${short(report.race.chosenTip.hash)}.`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="t d" font-family="system-ui, sans-serif" font-size="12">`,
    `<title id="t">A mined chain of this ledger's blocks</title><desc id="d">${escaped(about)}</desc>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text(left, 34, "A mined chain of this ledger's blocks", 'font-size="20" font-weight="600"'),
    text(left, 56, report.caption, 'font-size="14" font-weight="600" fill="#8a1c1c"'),
    ...parts,
    text(left, height - 16, report.caption, 'font-weight="600" fill="#8a1c1c"'),
    '</svg>',
  ].join('\n');
}

function draw(report: SandboxReport): { readonly parts: string[]; readonly bottom: number } {
  const parts: string[] = [];
  let y = 92;
  for (const section of [drawChain, drawTamper, drawRechained, drawCosts, drawRace]) {
    const drawn = section(report, y);
    parts.push(...drawn.parts);
    y = drawn.bottom + 36;
  }
  return { parts, bottom: y - 36 };
}

interface Drawn {
  readonly parts: readonly string[];
  readonly bottom: number;
}

function drawChain(report: SandboxReport, y: number): Drawn {
  const { difficultyBits, expectedTriesPerBlock, measuredTriesPerBlock } = report;
  const about = `1. Mined: every hash begins with ${difficultyBits} zero bits. Expected ${number(expectedTriesPerBlock)} tries a block, measured ${number(measuredTriesPerBlock)}.`;
  return row(
    about,
    y,
    report.chain.map((block, i) => minedBox(block, i, 'valid')),
  );
}

function drawTamper(report: SandboxReport, y: number): Drawn {
  const { height, detectedAtHeight, blocks } = report.tamper;
  const seen =
    detectedAtHeight === undefined ? 'nobody notices' : `seen at block ${detectedAtHeight}`;
  const first = report.chain[0]?.height ?? 0;
  const boxes = report.chain.map((block, i): Box => {
    const now = blocks.find((one) => one.height === block.height);
    if (now === undefined) return minedBox(block, i, 'valid');
    const isChanged = block.height === height;
    const what = isChanged ? 'changed' : 'broken';
    const zeros = now.isValid ? 'zeros by chance' : `only ${now.zeroBits} zero bits`;
    const lines = [`block ${block.height}: ${what}`, short(now.hashAfter), zeros];
    return { at: i, lines, look: isChanged ? 'changed' : 'broken' };
  });
  const later = report.chain.length - (height - first) - 1;
  const about = `2. One bit of block ${height} is changed: its hash and the ${later} after it break (${seen}).`;
  return row(about, y, boxes);
}

function drawRechained(report: SandboxReport, y: number): Drawn {
  const from = report.tamper.height - (report.chain[0]?.height ?? 0);
  const boxes = report.chain.map((block, i): Box => {
    const again = report.rechained[i - from];
    if (again === undefined) return minedBox(block, i, 'valid');
    return minedBox(again, i, i === from ? 'changed' : 'valid');
  });
  const tries = report.rechained.reduce((sum, block) => sum + block.tries, 0);
  const about = `3. Mined again from block ${report.tamper.height}: the lie holds, for ${number(tries)} tries. Work proves work, not truth.`;
  return row(about, y, boxes);
}

function drawCosts(report: SandboxReport, y: number): Drawn {
  const { rewriteCosts } = report;
  const most = Math.max(
    ...rewriteCosts.flatMap((cost) => [cost.expectedTries, cost.measuredTries]),
  );
  const full = 90;
  const base = y + 24 + full;
  const parts = [
    heading(
      '4. The price of rewriting the last k blocks: tries expected (line) and measured (bar).',
      y,
    ),
  ];
  for (const [i, { blocks, expectedTries, measuredTries }] of rewriteCosts.entries()) {
    const x = left + i * column;
    const bar = Math.max(1, Math.round((measuredTries / most) * full));
    const line = base - Math.round((expectedTries / most) * full);
    parts.push(
      `<rect x="${x}" y="${base - bar}" width="${boxWidth}" height="${bar}" fill="#c9d8ee" stroke="#3b5f8f"/>`,
      `<line x1="${x - 4}" y1="${line}" x2="${x + boxWidth + 4}" y2="${line}" stroke="#8a1c1c" stroke-width="2" stroke-dasharray="5 3"/>`,
      text(x, base + 16, `k = ${blocks}: ${number(measuredTries)}`),
      text(x, base + 31, `expected ${number(expectedTries)}`, 'fill="#8a1c1c"'),
    );
  }
  return { parts, bottom: base + 34 };
}

function drawRace({ chain, race, difficultyBits }: SandboxReport, y: number): Drawn {
  const first = chain[0]?.height ?? 0;
  const places = new Map<string, { readonly x: number; readonly y: number }>();
  const used = new Map<number, number>();
  const boxes: string[] = [];
  const links: string[] = [];
  const chosenFirst = [...race.blocks].sort(
    (a, b) => Number(b.isOnChosenChain) - Number(a.isOnChosenChain) || a.round - b.round,
  );
  const top = y + 16;
  for (const block of chosenFirst) {
    const laneAt = used.get(block.height) ?? 0;
    used.set(block.height, laneAt + 1);
    const place = { x: left + (block.height - first) * column, y: top + laneAt * lane };
    places.set(block.hash, place);
    boxes.push(...raceBox(block, place, block.hash === race.chosenTip.hash));
  }
  for (const block of race.blocks) {
    const [to, from] = [places.get(block.hash), places.get(block.previousHash)];
    if (to && from) links.push(arrow(from, to, block.isOnChosenChain));
  }
  const bottom = top + Math.max(1, ...used.values()) * lane;
  const shares = race.miners.map(
    ({ name, share, blocksFound, blocksOnChosenChain }) =>
      `${name}: ${Math.round(share * 100)} % of the power, ${blocksFound} found, ${blocksOnChosenChain} on the chosen chain`,
  );
  const forks = race.forks.length === 1 ? '1 fork' : `${race.forks.length} forks`;
  const about = `5. ${race.miners.length} miners race, news takes ${race.delayRounds} rounds: ${forks}. The longest chain (most work: ${number(race.chosenTip.work)} = blocks x 2^${difficultyBits}) is chosen.`;
  return {
    parts: [
      heading(about, y),
      ...links,
      ...boxes,
      ...shares.map((line, i) => text(left, bottom + 12 + i * 17, line)),
    ],
    bottom: bottom + 12 + shares.length * 17,
  };
}

function raceBox(
  block: RaceBlock,
  { x, y }: { readonly x: number; readonly y: number },
  isTip: boolean,
): string[] {
  const state = isTip ? 'chosen tip' : block.isOnChosenChain ? 'chosen' : 'abandoned';
  const lines = [
    `block ${block.height}: ${state}`,
    short(block.hash),
    `${block.miner}, round ${block.round}`,
  ];
  return box({ lines, look: block.isOnChosenChain ? 'valid' : 'lost', isBold: isTip }, x, y);
}

interface Box {
  readonly at: number;
  readonly lines: readonly string[];
  readonly look: Look;
}

function minedBox(block: MinedBlock, at: number, look: Look): Box {
  const title = look === 'changed' ? `block ${block.height}: changed` : `block ${block.height}`;
  const what = `${number(block.tries)} tries`;
  return { at, lines: [title, short(block.hash), what], look };
}

function row(about: string, y: number, boxes: readonly Box[]): Drawn {
  const top = y + 16;
  const parts = [heading(about, y)];
  for (const { at, lines, look } of boxes) {
    const x = left + at * column;
    if (at > 0) parts.push(arrow({ x: x - column, y: top }, { x, y: top }, true));
    parts.push(...box({ lines, look, isBold: false }, x, top));
  }
  return { parts, bottom: top + boxHeight };
}

function box(
  {
    lines,
    look,
    isBold,
  }: { readonly lines: readonly string[]; readonly look: Look; readonly isBold: boolean },
  x: number,
  y: number,
): string[] {
  const [stroke, fill] = looks[look];
  const dashes = look === 'valid' ? '' : ' stroke-dasharray="6 3"';
  return [
    `<rect x="${x}" y="${y}" width="${boxWidth}" height="${boxHeight}" rx="6" fill="${fill}" stroke="${stroke}" stroke-width="${isBold ? 3 : 1.5}"${dashes}/>`,
    ...lines.map((line, i) =>
      text(x + 8, y + 19 + i * 18, line, i === 1 ? 'font-family="monospace"' : 'font-size="11"'),
    ),
  ];
}

/** From the later block back to the one it builds upon. */
function arrow(
  from: { readonly x: number; readonly y: number },
  to: { readonly x: number; readonly y: number },
  isChosen: boolean,
): string {
  const middle = boxHeight / 2;
  const stroke = isChosen ? '#2f6f4f' : '#6b6b6b';
  const [x1, y1] = [from.x + boxWidth, from.y + middle];
  const [x2, y2] = [to.x, to.y + middle];
  return `<g stroke="${stroke}" fill="none" stroke-width="1.5"><path d="M ${x2} ${y2} L ${x1} ${y1}"/><path d="M ${x1 + 6} ${y1 - 4} L ${x1} ${y1} L ${x1 + 6} ${y1 + 4}"/></g>`;
}

function heading(line: string, y: number): string {
  return text(left, y, line, 'font-size="14" font-weight="600"');
}

function text(x: number, y: number, line: string, style = ''): string {
  return `<text x="${x}" y="${y}"${style && ` ${style}`}>${escaped(line)}</text>`;
}

function short(hash: string): string {
  return `${hash.slice(0, 10)}…`;
}

/** 12,345 in every locale. */
function number(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

function escaped(line: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
  };
  // Control characters have no place in XML at all.
  return [...line]
    .filter((character) => character >= ' ')
    .map((character) => entities[character] ?? character)
    .join('');
}
