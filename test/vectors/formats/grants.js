import { credentialHashOf, encodeCard } from '../../../src/api/card.js';
import { encodeErase, encodeErased } from '../../../src/api/erase.js';
import { decodeGrantBody, encodeGrantBody, grantBodyHash } from '../../../src/api/grant-body.js';
import { encodeInboxMessage } from '../../../src/api/inbox-message.js';
import { encodeItemsOrder } from '../../../src/api/item.js';
import { encodeLook, encodeRefusal, encodeRefusalCount, refusalCountLeafContent, refusalLeafContent, } from '../../../src/api/look.js';
import { encodeReadRequest, readEntryHash } from '../../../src/api/read-request.js';
import { encodeSigned } from '../../../src/api/signed.js';
import { labels } from '../../../src/crypto/labels.js';
import { signingKeyFromSeed, signLabelled, } from '../../../src/crypto/signature.js';
import { nextLook } from '../../../src/ledger/acts/access-log.js';
import { decodeCbor, encodeCbor } from '../../../src/primitives/cbor.js';
import { consentIdOf, recordIdOf } from '../../../src/primitives/ids.js';
import { sealMessage } from '../../../src/sdk/client/messages.js';
import { signLetter } from '../../../src/sdk/grants/letter.js';
import { writeSeedOf } from '../../../src/sdk/grants/write-seed.js';
import { firstGenerations } from '../../../src/sdk/wallet/generations.js';
import { withFixedRandomness } from './fixed-randomness.js';
import { accountBytes, chainId, doctor, hospital, patient } from './people.js';
import { codeOf, hex, hexOfAll, json, pattern } from './write.js';
export const consent = consentIdOf(pattern(16, 33));
export const bodySalt = pattern(32, 34);
export const tagKey = pattern(32, 35);
export const writeSeed = pattern(32, 36);
export const writeKey = await signingKeyFromSeed(writeSeed);
export const t0 = 1_800_000_000_000;
export const body = encodeGrantBody({
    account: patient.account,
    grantee: doctor.account,
    readClasses: ['lab', 'diagnosis'],
    recordIds: [],
    fromMs: 0,
    writeClasses: ['diagnosis'],
    purposes: ['TREAT', 'ETREAT'],
});
/** How the body stands on the ledger of all vectors. */
export const grantOfBody = {
    ...{ kind: 'ConsentGrant', consent, bodyHash: grantBodyHash(bodySalt, body) },
    ...{ notBeforeMs: t0, notAfterMs: t0 + 30 * 86_400_000, writeKey: writeKey.publicKey },
};
const single = encodeGrantBody({
    account: patient.account,
    grantee: doctor.account,
    readClasses: ['note'],
    recordIds: [recordIdOf(pattern(16, 1)), recordIdOf(pattern(16, 2))],
    fromMs: 1_700_000_000_000,
    writeClasses: [],
    purposes: ['PATRQT'],
});
/** The body with one field put in another's place. */
function changed(at, value) {
    const fields = decodeCbor(body);
    if (!Array.isArray(fields))
        throw new TypeError('a body is an array');
    return encodeCbor(fields.map((field, i) => (i === at ? value : field)));
}
const strange = [
    changed(0, 1),
    changed(0, 3),
    changed(1, 41),
    changed(2, pattern(31, 0)),
    changed(4, ['lab', 'blood']),
    changed(5, [pattern(15, 0)]),
    changed(6, null),
    changed(7, ['']),
    changed(8, ['TREAT', 'FUN']),
    changed(9, [['only-at-night']]),
    changed(9, null),
    body.slice(0, -1),
    Uint8Array.of(...body, 0),
];
export const grantBodies = {
    about: 'reading.md R-1, consent.md C-1: bodies with fields, salt and hash; then what is refused, with its code',
    async cases() {
        const good = [body, single].map((bytes) => {
            const fields = decodeCbor(bytes);
            return {
                fields: json(fields),
                body: hex(bytes),
                salt: hex(bodySalt),
                hash: hex(grantBodyHash(bodySalt, bytes)),
            };
        });
        const bad = strange.map(async (bytes) => ({
            body: hex(bytes),
            refused: await codeOf(() => decodeGrantBody(bytes)),
        }));
        return [...good, ...(await Promise.all(bad))];
    },
};
/** What takes the place of the first letter when the patient changed keys twice, and the doctor once. */
const renewedFor = { ownerGeneration: 2, granteeGeneration: 1 };
const renewed = { ...renewedFor, writeSeed: writeSeedOf(patient.root, consent, renewedFor) };
export const letters = {
    about: 'grants.md G-4: fields of the letter after suite and type, the letter as it travels, and sealed to the doctor of accounts.json; drawn = ML-KEM randomness and X25519 secret',
    async cases() {
        const common = {
            consent,
            body,
            salt: bodySalt,
            tagKey,
            notBeforeMs: t0,
            notAfterMs: t0 + 86_400_000,
        };
        const none = new Uint8Array(0);
        const given = [
            { ...common, writeSeed, ownerCard: none, ...firstGenerations },
            { ...common, writeSeed: none, ownerCard: pattern(50, 3), ...firstGenerations },
            { ...common, ...renewed, ownerCard: none },
        ];
        return Promise.all(given.map(async (letter, index) => {
            const signed = await signLetter(patient.keys.sign, letter);
            const travelling = decodeCbor(signed);
            const [bytes] = Array.isArray(travelling) ? travelling : [];
            return { index, signed, bytes: bytes instanceof Uint8Array ? bytes : none };
        })).then(async (made) => {
            const cases = [];
            for (const { index, signed, bytes } of made) {
                const { result, drawn } = await withFixedRandomness(`letter ${index}`, () => sealMessage(doctor.keys.kem.publicKey, doctor.account, signed));
                cases.push({
                    fields: json(decodeCbor(bytes)),
                    ownerRoot: hex(patient.root),
                    granteeRoot: hex(doctor.root),
                    organisation: hospital.account,
                    grantee: doctor.account,
                    // The third case's write seed follows from the root.
                    derived: index === 2,
                    signed: hex(signed),
                    drawn: hexOfAll(drawn),
                    sealed: hex(result),
                });
            }
            return cases;
        });
    },
};
const request = {
    chainId,
    organisation: hospital.account,
    consent,
    grantBody: body,
    grantSalt: bodySalt,
    purpose: 'TREAT',
    nonce: pattern(16, 90),
    issuedMs: t0 + 5,
    reader: doctor.account,
    readerKey: doctor.keys.sign.publicKey,
};
const requests = [
    encodeReadRequest({
        ...request,
        what: { kind: 'records', recordIds: [recordIdOf(pattern(16, 1))] },
    }),
    encodeReadRequest({ ...request, what: { kind: 'since', height: 0, limit: 1_000, cursor: '' } }),
    encodeReadRequest({ ...request, what: { kind: 'since', height: 77, limit: 1, cursor: '12.5' } }),
];
async function signed(key, label, bytes) {
    return encodeSigned({ bytes, signature: await signLabelled(key, label, bytes) });
}
/** Requests as they travel, and their entries; the chain goes over all of them. */
export async function looks() {
    const entries = [];
    let chain = new Uint8Array(32);
    for (const [index, bytes] of requests.entries()) {
        const salt = pattern(32, 100 + index);
        const travelling = await signed(doctor.keys.sign, labels.readSign, bytes);
        const entry = readEntryHash(salt, travelling);
        chain = nextLook(chain, entry).slice();
        entries.push({ bytes, salt, travelling, entry, chain });
    }
    return entries;
}
export const readRequests = {
    about: 'http.md H-4, reading.md R-4 and R-7, consent.md C-8: request, as it travels, its entry, and the chain over the entries so far',
    cases: async () => (await looks()).map(({ bytes, salt, travelling, entry, chain }) => ({
        fields: json(decodeCbor(bytes)),
        readerRoot: hex(doctor.root),
        organisation: hospital.account,
        salt: hex(salt),
        travelling: hex(travelling),
        entry: hex(entry),
        chain: hex(chain),
    })),
};
export const signedObjects = {
    about: 'http.md H-4, H-9, H-11 to H-13, reading.md R-8, R-10: fields of the object, the label, the root that the signing key is derived from (index 0), the object as it travels',
    async cases() {
        const own = { chainId, account: patient.account };
        const credentialSalt = pattern(32, 7);
        const card = {
            ...own,
            name: 'Ana Ilić',
            role: 'patient',
            licence: '',
            credentialSalt,
        };
        const made = [
            [
                hospital,
                labels.cardSign,
                encodeCard({
                    ...{ ...card, organisation: hospital.account },
                    organisationKey: hospital.keys.sign.publicKey,
                }),
            ],
            [
                doctor,
                labels.inboxSign,
                encodeInboxMessage({
                    ...{ chainId, to: patient.account, from: doctor.account },
                    ...{ fromKey: doctor.keys.sign.publicKey, sealed: pattern(40, 8), sentMs: t0 },
                }),
            ],
            [
                patient,
                labels.eraseSign,
                encodeErase({
                    ...{ ...own, accountKey: patient.keys.sign.publicKey },
                    ...{ leaves: [pattern(32, 1), pattern(32, 2)], issuedMs: t0 },
                }),
            ],
            [
                hospital,
                labels.erasedSign,
                encodeErased({
                    ...{ ...own, leaf: pattern(32, 1), holder: hospital.account },
                    ...{ holderKey: hospital.keys.sign.publicKey, erasedMs: t0 },
                }),
            ],
        ];
        const objects = await Promise.all(made.map(async ([signer, label, bytes]) => ({
            label,
            fields: json(decodeCbor(bytes)),
            root: hex(signer.root),
            publicKey: hex(signer.keys.sign.publicKey),
            travelling: hex(await signed(signer.keys.sign, label, bytes)),
        })));
        const order = { account: patient.account, consent, epoch: 2, root: pattern(32, 3), count: 9 };
        const refusal = {
            ...{ salt: pattern(32, 4), reader: doctor.account, consent, code: 'CONSENT_ENDED' },
            ...{ refusedMs: t0, requestHash: pattern(32, 5) },
        };
        const counted = {
            salt: pattern(32, 6),
            reader: doctor.account,
            consent,
            count: 12,
            firstMs: t0,
            lastMs: t0 + 1,
        };
        return [
            ...objects,
            {
                hashOf: 'credential',
                salt: hex(credentialSalt),
                stated: json([card.name, card.role, card.licence]),
                hash: hex(credentialHashOf(card)),
            },
            {
                ...{
                    hashOf: 'refusal',
                    salt: hex(refusal.salt),
                    reader: doctor.account,
                    consent,
                    code: refusal.code,
                },
                ...{ refusedMs: t0, requestHash: hex(refusal.requestHash) },
                hash: hex(refusalLeafContent(refusal)),
                object: hex(encodeRefusal(refusal)),
            },
            {
                hashOf: 'refusals',
                ...counted,
                salt: hex(counted.salt),
                hash: hex(refusalCountLeafContent(counted)),
                object: hex(encodeRefusalCount(counted)),
            },
            {
                hashOf: 'refusals',
                ...{ ...counted, consent: '' },
                salt: hex(counted.salt),
                hash: hex(refusalCountLeafContent({ ...counted, consent: '' })),
                object: hex(encodeRefusalCount({ ...counted, consent: '' })),
            },
            {
                look: hex(encodeLook({
                    ...{ salt: pattern(32, 1), signedRequest: pattern(20, 2), servedMs: t0 },
                    recordIds: [recordIdOf(pattern(16, 3))],
                })),
                fields: json([2, 47, pattern(32, 1), pattern(20, 2), t0, [pattern(16, 3)]]),
            },
            {
                itemsOrder: hex(encodeItemsOrder(order)),
                fields: json([
                    accountBytes(patient),
                    pattern(16, 33),
                    order.epoch,
                    order.root,
                    order.count,
                ]),
                writeSeed: hex(writeSeed),
                signature: hex(await signLabelled(writeKey, labels.itemsSign, encodeItemsOrder(order))),
            },
        ];
    },
};
