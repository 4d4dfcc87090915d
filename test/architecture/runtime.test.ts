import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

/** The newest Node of line 24 that is served as a platform package; raise it the day a newer one appears. */
const floor = [24, 21, 0];

const manifest = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { optionalDependencies: Record<string, string> };

test('both platform packages pin the same Node, at or above the floor', () => {
  const pins = Object.values(manifest.optionalDependencies);
  assert.equal(new Set(pins).size, 1);
  const pin = (pins[0] ?? '').split('.').map(Number);
  assert.equal(pin[0], floor[0]);
  assert.ok(
    (pin[1] ?? 0) > (floor[1] ?? 0) || (pin[1] === floor[1] && (pin[2] ?? 0) >= (floor[2] ?? 0)),
  );
});

test('the tests run on the pinned Node or a newer one', () => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  assert.ok(major > 24 || (major === 24 && minor >= 7), process.versions.node);
});
