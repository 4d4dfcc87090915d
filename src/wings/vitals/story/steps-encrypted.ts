import { utf8, utf8ToText } from '../../../primitives/bytes.ts';
import type { Person } from '../../../sdk/index.ts';
import { type Facts, hold, refused, type Step } from '../../../story/chapter.ts';
import type { Question } from '../api/question.ts';
import {
  type Asked,
  askQuestion,
  deliverAgain,
  encryptedParts,
  giveHalves,
  listStudies,
} from '../sdk/index.ts';
import type { VitalsScene } from './scene.ts';
import { askedOf } from './steps-asking.ts';

/** A question answered as one ciphertext, and then as three sealed parts: the same numbers, at one price. */
async function onePriceTwoDeliveries(researcher: Person, asked: Asked): Promise<Facts> {
  const left = async (): Promise<number> => {
    const studies = await researcher.run(listStudies, undefined);
    const study = studies.find(({ id }) => id === asked.dataset);
    return study?.permits[0]?.leftMicroRho ?? 0;
  };
  const before = await left();
  const answer = await researcher.run(askQuestion, { ...asked, delivery: 'paillier' });
  const { query, figures } = answer;
  const encrypted = await researcher.run(encryptedParts, { query });
  hold(encrypted?.ciphertext.length === 768, 'one ciphertext');
  // It holds the numbers of the one against those of the other, and refuses.
  const again = await researcher.run(deliverAgain, { query, delivery: 'hpke' });
  hold(JSON.stringify(again.figures) === JSON.stringify(figures), 'the same figures');
  const spent = before - (await left());
  hold(spent === asked.microRho, 'debited once');
  return { ciphertextBytes: encrypted.ciphertext.length, seals: answer.seals.length, spent };
}

export const deliverStep: Step<VitalsScene> = {
  name: 'deliver',
  tells:
    'An answer comes as one ciphertext under the researcher’s Paillier key, and then sealed: the same numbers, paid once.',
  async play(scene) {
    const [played] = scene.played;
    hold(played !== undefined, 'a series');
    const dataset = played.datasets.get('forbidden') ?? '';
    const question: Question = { kind: 'mean', vital: 0 };
    const asked = askedOf(played, dataset, { question, cohort: [], microRho: 1_000_000 });
    return onePriceTwoDeliveries(scene.member('rosa').person, asked);
  },
};

const words = 'A note that three servers help to open';

export const doubleStep: Step<VitalsScene> = {
  name: 'double',
  tells:
    'A doubly encrypted record is opened by a doctor with three servers’ help, and refused without one of them and after the revocation.',
  async play(scene) {
    const patient = scene.played[0]?.patients[0]?.member.person;
    const doctor = scene.members.get('dr-b') ?? (await scene.enrol('dr-b', 'clinician', 'harbour'));
    hold(patient !== undefined, 'a patient');
    const bytes = utf8(words);
    const note = {
      ...{ name: 'note.txt', byteLength: bytes.length },
      async *read() {
        yield bytes;
      },
    };
    const double = giveHalves(scene.servers);
    const added = await patient.addFile(note, { recordClass: 'note', double });
    const recordId = added.items[0]?.recordId;
    hold(recordId !== undefined, 'it was added');
    const notAfterMs = Date.now() + 24 * 3_600_000;
    const { consent } = await patient.grant({
      ...{ grantee: doctor.account, readClasses: ['note'], purposes: ['TREAT'], notAfterMs },
    });
    await doctor.person.inbox();
    const open = () => doctor.person.readShared(consent, { recordIds: [recordId] });
    const { records, accesses } = await open();
    const [record] = records;
    hold(record !== undefined && utf8ToText(record.bytes) === words, 'every word');
    await scene.without(['valley']);
    const { missing } = await open();
    const closed = missing[0]?.because?.code;
    hold(closed === 'HALF_AWAY', 'two of three servers are nothing');
    await scene.without([]);
    await patient.revoke(consent);
    const revoked = await refused('a record after the revocation', open);
    return { recordId, looks: accesses.length, withoutOne: closed, afterRevocation: revoked };
  },
};
