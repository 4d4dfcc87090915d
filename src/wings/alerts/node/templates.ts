import type { Language } from '../api/choice.ts';
import type { Outgoing } from './channel.ts';
import { incidentText } from './incident-text.ts';

type Saying = Pick<Outgoing, 'cause' | 'language' | 'facts' | 'count' | 'code'>;

interface Text {
  readonly subject: string;
  readonly body: string;
}

/** A relay reads along: all causes of a patient look alike, and none says a name, a value or which hospital. */
const news: Readonly<Record<Language, Text>> = {
  en: {
    subject: 'There is news in your health record',
    body: 'There is news in your health record. Open the app to see it.\n\nThis letter has no link, so that nobody can send you a false one. You chose in the app to be told like this, and can change it there.\n',
  },
  es: {
    subject: 'Hay novedades en su historia clínica',
    body: 'Hay novedades en su historia clínica. Abra la aplicación para verlas.\n\nEsta carta no lleva ningún enlace, para que nadie pueda enviarle uno falso. Usted eligió en la aplicación recibir este aviso, y allí puede cambiarlo.\n',
  },
  ar: {
    subject: 'هناك جديد في سجلك الصحي',
    body: 'هناك جديد في سجلك الصحي. افتح التطبيق لتراه.\n\nلا تحتوي هذه الرسالة على أي رابط، حتى لا يستطيع أحد أن يرسل إليك رابطا مزيفا. لقد اخترت في التطبيق أن يصلك هذا التنبيه، ويمكنك تغيير ذلك هناك.\n',
  },
};

const trial: Readonly<Record<Language, Text>> = {
  en: {
    subject: 'A letter to try it out',
    body: 'You asked in the app for a letter to see that one arrives. It has arrived.\n',
  },
  es: {
    subject: 'Una carta de prueba',
    body: 'Usted pidió en la aplicación una carta para comprobar que llega. Ha llegado.\n',
  },
  ar: {
    subject: 'رسالة تجريبية',
    body: 'لقد طلبت في التطبيق رسالة لتتأكد من وصولها. وقد وصلت.\n',
  },
};

/** To whoever reads there, who may be a stranger. A mark keeps the groups of a code in their order in a text from right to left. */
const confirm: Readonly<Record<Language, (code: string) => Text>> = {
  en: (code) => ({
    subject: 'Is this your address?',
    body: `Somebody asked in the app to be told at this address when there is news in a health record. If it was you, type this code there:\n\n    ${code}\n\nIf it was not you, you need do nothing: no news is sent here. This letter has no link, so that nobody can send you a false one.\n`,
  }),
  es: (code) => ({
    subject: '¿Es suya esta dirección?',
    body: `Alguien pidió en la aplicación recibir avisos en esta dirección cuando haya novedades en una historia clínica. Si fue usted, escriba allí este código:\n\n    ${code}\n\nSi no fue usted, no tiene que hacer nada: aquí no se envían novedades. Esta carta no lleva ningún enlace, para que nadie pueda enviarle uno falso.\n`,
  }),
  ar: (code) => ({
    subject: 'هل هذا عنوانك؟',
    body: `طلب شخص في التطبيق أن تصله على هذا العنوان تنبيهات عند وجود جديد في سجل صحي. إن كنت أنت من طلب ذلك، فاكتب هناك هذا الرمز:\n\n    \u200e${code}\n\nوإن لم تكن أنت، فلا يلزمك أن تفعل شيئا: لن يرسل إلى هنا أي جديد. لا تحتوي هذه الرسالة على أي رابط، حتى لا يستطيع أحد أن يرسل إليك رابطا مزيفا.\n`,
  }),
};

const backup: Text = {
  subject: 'Salus: the backup of this hospital is too old',
  body: 'The newest backup of this hospital is more than a day and a half old. What to do: docs/operations/backup.md\n',
};
const certificate: Text = {
  subject: 'Salus: a certificate of this hospital ends soon',
  body: 'A certificate of this hospital ends within fourteen days and was not renewed. What to do: docs/operations/consortium.md\n',
};

const tampering: Text = {
  subject: 'Salus: somebody wrote into files of this hospital',
  body: 'A row, a letter or an address of the alert service was changed by another hand. Nothing of it was sent. What to do: salus alerts status, then docs/operations/runbook/alerts.md\n',
};

const operators = { backup, certificate, tampering };

/** What a letter says. Source: docs/protocol/alerts.md, AL-5, AL-14, AL-20. */
export function textOf({ cause, language, facts, count = 1, code }: Saying): Text {
  if (code !== undefined) return confirm[language](code);
  if (cause === 'test') return trial[language];
  if (cause === 'backup' || cause === 'certificate' || cause === 'tampering') {
    return operators[cause];
  }
  if (cause === 'incident' && facts !== undefined) return incidentText(language, facts, count);
  return news[language];
}

/** In which language it is written: to operators in English alone. */
export const languageOf = ({ cause, language }: Saying): Language =>
  Object.hasOwn(operators, cause) ? 'en' : language;
