import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

// What the language offers and a rule must not use, because two machines may answer differently.
const bannedNames = new Set([
  'Date',
  'Intl',
  'Math',
  'Promise',
  'performance',
  'process',
  'globalThis',
  'parseFloat',
  'setTimeout',
  'eval',
  'Function',
]);
const bannedMembers = /^(localeCompare|normalize|toLocale.*|random|toFixed|toPrecision)$/;

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
// chain/ is for clients and engines: it checks votes, which is asynchronous, and no rule imports it.
const files = globSync('src/{ledger,wings/*/ledger}/**/*.ts', { cwd: root }).filter(
  (file) => !file.endsWith('.test.ts') && !file.startsWith('src/ledger/chain/'),
);
// Whole-number division is written once; merkle.ts halves even numbers.
const mayDivide = new Set(['src/ledger/integers.ts', 'src/ledger/merkle.ts']);

function violationsIn(file: string, text: string): string[] {
  const found: string[] = [];
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const report = (node: ts.Node, what: string) => {
    const { line } = source.getLineAndCharacterOfPosition(node.getStart());
    found.push(`${file}:${line + 1} ${what}`);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) {
      const isMember = ts.isPropertyAccessExpression(node.parent) && node.parent.name === node;
      if (isMember ? bannedMembers.test(node.text) : bannedNames.has(node.text)) {
        report(node, node.text);
      }
    }
    if (node.kind === ts.SyntaxKind.AsyncKeyword || ts.isAwaitExpression(node)) {
      report(node, 'async');
    }
    if (ts.isNumericLiteral(node) && !Number.isSafeInteger(Number(node.text))) {
      report(node, `the fraction ${node.text}`);
    }
    if (ts.isBinaryExpression(node) && !mayDivide.has(file)) {
      const operator = node.operatorToken.getText();
      if (operator === '/' || operator === '/=' || operator === '**' || operator === '**=') {
        report(node, operator);
      }
    }
    if (ts.isForInStatement(node)) report(node, 'for in');
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

test('the ledger uses no clock, no chance, no locale, no fraction and no promise', () => {
  assert.ok(files.length > 30);
  const violations = files.flatMap((file) =>
    violationsIn(file, readFileSync(join(root, file), 'utf8')),
  );
  assert.deepEqual(violations, []);
});

for (const [name, text] of [
  ['a clock', 'const now = Date.now();'],
  ['chance', 'const dice = Math.random();'],
  ['a locale', "['a'].sort((a, b) => a.localeCompare(b));"],
  ['a division', 'const half = 3 / 2;'],
  ['a fraction', 'const x = 0.5;'],
  ['a promise', 'async function wait() {}'],
  ['an order of keys', 'for (const key in {}) key;'],
] as const) {
  test(`the check finds ${name}`, () => {
    assert.equal(violationsIn('example.ts', text).length > 0, true);
  });
}
