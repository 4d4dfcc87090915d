import { utf8 } from '../../../primitives/bytes.ts';
import { type Facts, hold, refused, type Step } from '../../../story/chapter.ts';
import { chosenCauses } from '../api/causes.ts';
import { alertsInbox, testAlert } from '../sdk/index.ts';
import type { AlertsScene } from './scene.ts';

const dayMs = 24 * 60 * 60_000;
const note = { mediaType: 'text/plain', name: 'Iron deficiency', bytes: utf8('Iron deficiency.') };
/** What is done to Ana, in the order in which it is done: each is one letter. */
const inAnHour = [
  ...['look', 'emergency', 'diagnosis', 'refusal', 'sign-in-refused', 'rotation'],
] as const;
const done = [...inAnHour, 'grant-ends', 'device'] as const;
/** Of the six and three days of AL-3, so that a story can wait for them. */
export const shortDays = { longGrantMs: 30_000, soonMs: 30_000 };

async function told(scene: AlertsScene): Promise<Facts> {
  const port = await scene.openRelay();
  await scene.enrol('ana', 'patient');
  await scene.enrol('bea', 'patient');
  const doctor = await scene.enrol('dr-bo', 'clinician');
  for (const name of ['ana', 'bea']) {
    await scene.member(name).person.addCard(doctor.person.card(), { nickname: 'dr-bo' });
    await scene.choose(name, chosenCauses);
  }
  hold(port > 0, 'a relay listens');
  return { people: 3, causes: chosenCauses.length };
}

/** Everything that can be done to her in an hour, by who may and by who may not. */
async function happens(scene: AlertsScene): Promise<Facts> {
  const { person } = scene.member('ana');
  const doctor = scene.member('dr-bo').person;
  const { consent } = await person.grant({
    ...{ grantee: 'dr-bo', readClasses: ['diagnosis'], writeClasses: ['diagnosis'], fromMs: 0 },
    ...{ purposes: ['TREAT', 'ETREAT'], notAfterMs: Date.now() + 30 * dayMs },
  });
  await doctor.inbox();
  await doctor.readShared(consent, { purpose: 'TREAT' });
  await doctor.readShared(consent, { purpose: 'ETREAT' });
  await doctor.diagnose(consent, note);
  await person.revoke(consent);
  const code = await refused('the doctor after the revocation', () =>
    doctor.readShared(consent, { purpose: 'TREAT' }),
  );
  const wrong = await scene.signInWrongly('ana');
  hold(wrong === 'KEY_NOT_CURRENT', `a wrong key is refused, not ${wrong}`);
  await person.rotate();
  await scene.letters('ana', inAnHour.length);
  return { letters: inAnHour.length, refused: code, wrong };
}

/** Of two grants the one that was given for long, and of it once. */
async function grantEnds(scene: AlertsScene): Promise<Facts> {
  const { person } = scene.member('ana');
  const { longGrantMs, soonMs } = shortDays;
  const give = (forMs: number) =>
    person.grant({
      ...{ grantee: 'dr-bo', readClasses: ['diagnosis'], fromMs: 0, purposes: ['TREAT'] },
      notAfterMs: Date.now() + forMs,
    });
  await give(longGrantMs / 2);
  await give(longGrantMs + soonMs / 2);
  await scene.letters('ana', inAnHour.length + 1);
  return { letters: 1 };
}

/** It is told before the new device can fetch the wallet. */
async function newDevice(scene: AlertsScene): Promise<Facts> {
  await scene.newDevice('ana');
  await scene.letters('ana', done.length);
  return { letters: 1 };
}

/** The same again, and a kill in between, bring no other letter; what is asked for does. */
async function notAgain(scene: AlertsScene): Promise<Facts> {
  const { person } = scene.member('ana');
  await scene.signInWrongly('ana');
  await scene.servers.kill();
  await scene.servers.restart();
  await person.run(testAlert, undefined);
  const letters = await scene.letters('ana', done.length + 1);
  const names = new Set(letters.map(({ data }) => /^Message-ID: (.*)\r$/m.exec(data)?.[1]));
  hold(names.size === letters.length, 'each letter has a name of its own');
  return { letters: letters.length };
}

/** A frozen account is told of as well, at an address that the gateway never saw. */
async function frozen(scene: AlertsScene): Promise<Facts> {
  const { person } = scene.member('bea');
  await person.freeze();
  await scene.letters('bea', 1);
  return { letters: 1 };
}

/** No letter says what it is for, and what it was stands in the app. */
async function silent(scene: AlertsScene): Promise<Facts> {
  const letters = scene.lettersTo('ana');
  const subjects = new Set(letters.map(({ data }) => /^Subject: (.*)\r$/m.exec(data)?.[1]));
  hold(subjects.size === 2, 'all letters look alike, but the one that was asked for');
  const says = letters.some(({ data }) =>
    /Iron|dr-bo|diagnos|emergency|Telephone|north|https?:/.test(data),
  );
  hold(!says, 'no letter says a name, a word of the record or a link');
  const { entries, tampered } = await scene.member('ana').person.run(alertsInbox, undefined);
  const kinds = entries.map(({ cause }) => cause).toSorted();
  const expected = [...done, 'test'].toSorted();
  hold(kinds.join() === expected.join(), `the inbox has each once, not ${kinds.join(' ')}`);
  hold(tampered === 0, 'and each was written by the hospital');
  return { inbox: kinds };
}

/** Steps for a chapter whose scene is this wing's. */
export const eachOnce: readonly Step<AlertsScene>[] = [
  {
    name: 'choose',
    tells:
      'Two patients choose to be told by mail and in the app, and confirm their addresses by the letters to them.',
    play: told,
  },
  {
    name: 'happens',
    tells: 'A look, an emergency, a diagnosis, a refusal, a wrong key, new keys: one letter each.',
    play: happens,
  },
  {
    name: 'grant-ends',
    tells:
      'A grant that was given for long ends soon: one letter; one that was given for short: none.',
    play: grantEnds,
  },
  {
    name: 'device',
    tells: 'A new device gets her wallet from the one that she has: one letter.',
    play: newDevice,
  },
  {
    name: 'once',
    tells: 'The same again and a kill of all servers bring no other.',
    play: notAgain,
  },
  { name: 'freeze', tells: 'A frozen account is told of too.', play: frozen },
  { name: 'silent', tells: 'No letter says what it is for; the app does.', play: silent },
];
