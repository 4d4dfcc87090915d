import type { Cause } from '../api/causes.ts';
import type { Language } from '../api/choice.ts';

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

const backup: Text = {
  subject: 'Salus: the backup of this hospital is too old',
  body: 'The newest backup of this hospital is more than a day and a half old. What to do: docs/operations/backup.md\n',
};
const certificate: Text = {
  subject: 'Salus: a certificate of this hospital ends soon',
  body: 'A certificate of this hospital ends within fourteen days and was not renewed. What to do: docs/operations/consortium.md\n',
};

/** What a letter says. Source: docs/protocol/alerts.md, AL-5. */
export function textOf(cause: Cause, language: Language): Text {
  if (cause === 'test') return trial[language];
  if (cause === 'backup') return backup;
  return cause === 'certificate' ? certificate : news[language];
}
