import assert from 'node:assert/strict';
import { createECDH, createPublicKey, verify } from 'node:crypto';
import { test } from 'node:test';
import { bytesOfText } from '../../../api/message-parts.ts';
import { bytesToBase64url, utf8 } from '../../../primitives/bytes.ts';
import { sealPush, vapidHeader, vapidOf } from './web-push.ts';

/** RFC 8291, section 5 and appendix A. */
const vector = {
  plaintext: 'When I grow up, I want to be a watermelon',
  auth: 'BTBZMqHH6r4Tts7J_aSIgg',
  receiver:
    'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
  sender: 'yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw',
  salt: 'DGv6ra1nlYgDCS1FRnbzlw',
  body: 'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN',
};

test('a push is sealed to the bytes of RFC 8291', () => {
  const sender = createECDH('prime256v1');
  sender.setPrivateKey(bytesOfText(vector.sender));
  const to = {
    p256dh: bytesOfText(vector.receiver),
    auth: bytesOfText(vector.auth),
  };
  const sealed = sealPush(utf8(vector.plaintext), to, {
    sender,
    salt: bytesOfText(vector.salt),
  });
  assert.equal(bytesToBase64url(sealed), vector.body);
});

test('a point that is not on the curve is refused with a code', () => {
  const sender = createECDH('prime256v1');
  sender.generateKeys();
  for (const p256dh of [new Uint8Array(65), new Uint8Array(65).fill(4), new Uint8Array(64)]) {
    const to = { p256dh, auth: new Uint8Array(16) };
    assert.throws(() => sealPush(utf8('x'), to, { sender, salt: new Uint8Array(16) }), {
      code: 'PUSH_KEY_WRONG',
    });
  }
  assert.throws(() => vapidOf(new Uint8Array(32), 'mailto:a@example.org'), {
    code: 'PUSH_KEY_WRONG',
  });
});

test('who sends is a token of ES256 for the push service’s origin alone, of less than a day', () => {
  const vapid = vapidOf(bytesOfText(vector.sender), 'mailto:alerts@north.example');
  const header = vapidHeader(vapid, 'https://push.example', 1_000_000);
  const [, token = '', k = ''] = /^vapid t=([\w.-]+), k=([\w-]+)$/.exec(header) ?? [];
  const [head = '', claims = '', signature = ''] = token.split('.');
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  assert.deepEqual(read(head), { typ: 'JWT', alg: 'ES256' });
  assert.deepEqual(read(claims), {
    aud: 'https://push.example',
    exp: 1_000 + 12 * 3_600,
    sub: 'mailto:alerts@north.example',
  });
  const point = bytesOfText(k);
  const [x, y] = [bytesToBase64url(point.slice(1, 33)), bytesToBase64url(point.slice(33))];
  const key = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
  const said = utf8(`${head}.${claims}`);
  const isTheirs = verify(
    'sha256',
    said,
    { key, dsaEncoding: 'ieee-p1363' },
    bytesOfText(signature),
  );
  assert.equal(isTheirs, true);
});
