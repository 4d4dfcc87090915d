import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  anchorUnder,
  batchOf,
  diagnosis,
  fromHospital,
  grantOf,
  looksAt,
  revoke,
  revokeOf,
  rotate,
  setting,
} from '../../../test/setting.ts';
import { enrolAct, keySetAct } from '../../../test/world.ts';
import { type Act, type Role, roles } from '../acts.ts';
import { actsOfRole } from './roles.ts';

test('the table of roles: who may send what', () => {
  const own = ['RotateKey', 'RevokeKey'];
  const expected: Readonly<Record<Role, readonly string[]>> = {
    patient: [...own, 'KeySet', 'ConsentGrant', 'ConsentRevoke', 'DataAnchor', 'DiagnosisAnchor'],
    clinician: own,
    nurse: own,
    pharmacist: own,
    lab: own,
    insurer: own,
    researcher: own,
    device: own,
    auditor: own,
    'security-officer': own,
    operator: own,
    organisation: [...own, 'Enrol', 'AccessLog', 'BatchAnchor'],
  };
  assert.deepEqual(actsOfRole, expected);
});

const oneOfEach: Readonly<Record<Exclude<Act['kind'], 'RotateKey'>, Act>> = {
  Enrol: enrolAct('bob', 'patient'),
  RevokeKey: revokeOf('nobody'),
  KeySet: keySetAct(0),
  ConsentGrant: grantOf('new'),
  ConsentRevoke: revoke('reading'),
  DataAnchor: anchorUnder(''),
  DiagnosisAnchor: diagnosis('writing'),
  AccessLog: looksAt('reading'),
  BatchAnchor: batchOf(),
};
for (const role of roles) {
  test(`an account of role ${role} is refused every act that its row does not list`, () => {
    const world = setting();
    const from = role === 'organisation' ? 'archive' : 'somebody';
    if (role !== 'organisation') world.mustSend(fromHospital(enrolAct(from, role)));
    // Rotating comes last: it changes the key that signs.
    for (const act of [...Object.values(oneOfEach), rotate('other')]) {
      const log = act.kind === 'DiagnosisAnchor' || act.kind === 'BatchAnchor' ? 'doc' : 'user';
      const { answer } = world.send({ from, acts: [act], log });
      assert.equal(answer === 'ROLE_WRONG', !actsOfRole[role].includes(act.kind), act.kind);
    }
  });
}
