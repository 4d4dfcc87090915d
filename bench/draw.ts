// node bench/run.ts ledger import --json | node bench/draw.ts DIR: draws every figure that says how it grows.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Figure } from './figures.ts';

type Drawn = Figure & { readonly machine: string };

const width = 640;
const height = 360;
const margin = { left: 64, right: 40, top: 40, bottom: 64 };

const folder = process.argv[2] ?? 'docs/bench';
for await (const line of createInterface({ input: process.stdin })) {
  if (!line.startsWith('{')) continue;
  const figure = JSON.parse(line) as Drawn;
  if (figure.points === undefined || figure.points.length < 2) continue;
  const path = join(folder, `${figure.figure}.svg`);
  writeFileSync(path, svgOf(figure, figure.points));
  process.stdout.write(`${path}\n`);
}

/** A line through all points, both axes from zero: growth shows as what it is. */
function svgOf(figure: Drawn, points: readonly (readonly [number, number])[]): string {
  const maxX = niceEnd(Math.max(...points.map(([x]) => x)));
  const maxY = niceEnd(Math.max(...points.map(([, y]) => y)));
  const toX = (x: number): number =>
    margin.left + (x / maxX) * (width - margin.left - margin.right);
  const toY = (y: number): number =>
    height - margin.bottom - (y / maxY) * (height - margin.top - margin.bottom);
  const ticks = [0, 0.25, 0.5, 0.75, 1];
  const [nameX, nameY] = figure.axes ?? ['n', figure.unit];
  const text = (x: number, y: number, anchor: string, words: string): string =>
    `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${escaped(words)}</text>`;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" fill="#222">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    text(margin.left, 22, 'start', `${figure.figure}: ${nameY}`),
    ...ticks.flatMap((share) => [
      `<path d="M${margin.left} ${toY(share * maxY).toFixed(1)}H${width - margin.right}" stroke="#ddd"/>`,
      text(margin.left - 8, toY(share * maxY) + 4, 'end', short(share * maxY)),
      text(toX(share * maxX), height - margin.bottom + 18, 'middle', short(share * maxX)),
    ]),
    `<polyline fill="none" stroke="#06c" stroke-width="2" points="${points.map(([x, y]) => `${toX(x).toFixed(1)},${toY(y).toFixed(1)}`).join(' ')}"/>`,
    ...points.map(
      ([x, y]) => `<circle cx="${toX(x).toFixed(1)}" cy="${toY(y).toFixed(1)}" r="3" fill="#06c"/>`,
    ),
    text(width / 2, height - 26, 'middle', nameX),
    `<g fill="#777">${text(width - margin.right, height - 8, 'end', `npm run bench -- ${figure.bench} · ${figure.machine}`)}</g>`,
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

/** The next of 1, 1.2, 2, 4, 5 and 10 times a power of ten: its quarters are round. */
function niceEnd(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 1.2, 2, 4, 5, 10].find((it) => it * power >= value) ?? 10) * power;
}

function short(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en');
}

function escaped(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
