import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { wings } from '../../../test/model/wings.ts';
import { fromHospital, oneOfEach, setting } from '../../../test/setting.ts';
import { enrolAct } from '../../../test/world.ts';
import { type Act, acts, foundingLogs, moduleOf } from '../protocol.ts';
import { type Role, roles, spineRoles } from '../roles.ts';

const actsOfWings = wings.flatMap((wing) => wing.acts);

/** The acts that an account of a role may send, as they are declared. */
const actsOfRole = (role: Role): readonly string[] =>
  acts
    .filter(({ senders }) => senders === 'everybody' || senders.includes(role))
    .map(({ kind }) => kind);

/** docs/protocol/roles.md: a row may name several roles; its columns name acts. */
const [head = [], ...rows] = readFileSync(
  new URL('../../../docs/protocol/roles.md', import.meta.url),
  'utf8',
)
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) => line.split('|').map((cell) => cell.trim()));

test('the table of roles in the protocol is what the acts declare', () => {
  const stated = new Map<string, string[]>();
  for (const row of rows) {
    const allowed = head.flatMap((acts, at) =>
      row[at]?.startsWith('yes') ? acts.split(', ') : [],
    );
    for (const role of row[1]?.split(', ') ?? []) stated.set(role, allowed);
  }
  assert.deepEqual([...stated.keys()].sort(), [...spineRoles].sort());
  // RO-5: of the spine's acts a wing's role sends those that everybody may.
  const everybodys = acts.filter(({ senders }) => senders === 'everybody').map(({ kind }) => kind);
  for (const role of roles) {
    const declared = actsOfRole(role).filter((kind) => !actsOfWings.some((it) => it.kind === kind));
    assert.deepEqual([...(stated.get(role) ?? everybodys)].sort(), declared.sort(), role);
  }
});

for (const role of roles) {
  test(`an account of role ${role} is refused every act that its row does not list`, () => {
    const world = setting(foundingLogs);
    const from = role === 'organisation' ? 'archive' : 'somebody';
    if (role !== 'organisation') world.mustSend(fromHospital(enrolAct(from, role)));
    // Rotating comes last: it changes the key that signs.
    const isRotation = ({ kind }: Act) => kind === 'RotateKey';
    const others = oneOfEach.filter((act) => !isRotation(act));
    // The wings' own tests hold that what they draw are acts.
    const drawn = actsOfWings.map((act) => act.draw({ small: 1, twist: 1 }) as Act);
    for (const act of [...others, ...drawn, ...oneOfEach.filter(isRotation)]) {
      const { answer } = world.send({ from, acts: [act], log: moduleOf(act).log });
      assert.equal(answer === 'ROLE_WRONG', !actsOfRole(role).includes(act.kind), act.kind);
    }
  });
}
