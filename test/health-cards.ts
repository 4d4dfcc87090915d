import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';

/** An issuer of health cards, with a key made for this test: what the SMART Health Cards framework asks for, by `node:crypto` alone. */
export function cardIssuer(issuer = 'https://issuer.example') {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x, y } = publicKey.export({ format: 'jwk' });
  const canonical = JSON.stringify({ crv: 'P-256', kty: 'EC', x, y });
  const kid = createHash('sha256').update(canonical).digest('base64url');
  const jwk = { kty: 'EC', use: 'sig', alg: 'ES256', crv: 'P-256', kid, x, y };
  return {
    issuer,
    kid,
    jwk,
    /** One card as compact JWS. `change` replaces claims, `header` fields of its header. */
    card(resources: readonly object[], change: object = {}, header: object = {}): string {
      const claims = { iss: issuer, nbf: 1_620_000_000, vc: vcOf(resources), ...change };
      const head = JSON.stringify({ zip: 'DEF', alg: 'ES256', kid, ...header });
      const payload = deflateRawSync(JSON.stringify(claims)).toString('base64url');
      const signed = `${Buffer.from(head).toString('base64url')}.${payload}`;
      const how = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const;
      return `${signed}.${sign('sha256', Buffer.from(signed), how).toString('base64url')}`;
    },
  };
}

/** The signed part of a card, as its framework names it. */
export function vcOf(resources: readonly object[], more: object = {}): object {
  return {
    type: ['https://smarthealth.cards#health-card', 'https://smarthealth.cards#immunization'],
    credentialSubject: {
      fhirVersion: '4.0.1',
      fhirBundle: {
        resourceType: 'Bundle',
        type: 'collection',
        entry: resources.map((resource, i) => ({ fullUrl: `resource:${i}`, resource })),
      },
    },
    ...more,
  };
}

/** A person with one vaccination, as minimal as cards are: a code without words. */
export const vaccinated: readonly object[] = [
  {
    resourceType: 'Patient',
    name: [{ family: 'Anyperson', given: ['Jane', 'C.'] }],
    birthDate: '1961-01-20',
  },
  {
    resourceType: 'Immunization',
    status: 'completed',
    vaccineCode: { coding: [{ system: 'http://hl7.org/fhir/sid/cvx', code: '207' }] },
    patient: { reference: 'resource:0' },
    occurrenceDateTime: '2021-01-01',
  },
];

export const cardFile = (cards: readonly unknown[], more: object = {}): Uint8Array =>
  new TextEncoder().encode(JSON.stringify({ verifiableCredential: cards, ...more }));
