import type { IncidentFacts } from '../../../api/incident-facts.ts';
import type { Language } from '../api/choice.ts';

interface Words {
  readonly subject: string;
  readonly what: string;
  readonly server: (name: string) => string;
  readonly hours: (from: string, until: string) => string;
  readonly done: Readonly<Record<IncidentFacts['done'], string>>;
  readonly source: (address: string) => string;
  readonly mac: (mac: string) => string;
  readonly more: (others: number) => string;
  readonly end: string;
}

const words: Readonly<Record<Language, Words>> = {
  en: {
    subject: 'Somebody tampered with a server that keeps data of yours',
    what: 'What a server keeps for you was changed, or somebody tried to change it. Nothing of it is read from there until it is made anew.',
    server: (name) => `Server: ${name}`,
    hours: (from, until) => `When: ${from} to ${until} (UTC)`,
    done: {
      quarantined: 'What was done: this server is not asked any more; the others serve.',
      rebuilt: 'What was done: what it keeps was made anew from the others, and compared.',
      refused: 'What was done: the attempt was refused; nothing was changed.',
      reported: 'What was done: it was written down and told to the hospital.',
    },
    source: (address) =>
      `Somebody was refused there when he tried to write, from the address ${address}. Whether it was the same one is not known.`,
    mac: (mac) =>
      `The network there names the device ${mac}. That is a claim: a device can give any name.`,
    more: (others) => `And more of this kind: ${others}.`,
    end: 'Open the app to see more. This letter has no link, so that nobody can send you a false one. You chose in the app to be told like this, and can change it there.',
  },
  es: {
    subject: 'Alguien manipuló un servidor que guarda datos suyos',
    what: 'Lo que un servidor guarda para usted fue cambiado, o alguien intentó cambiarlo. Nada de ello se lee de allí hasta que se haga de nuevo.',
    server: (name) => `Servidor: ${name}`,
    hours: (from, until) => `Cuándo: de ${from} a ${until} (UTC)`,
    done: {
      quarantined: 'Qué se hizo: a este servidor ya no se le pregunta; los demás atienden.',
      rebuilt: 'Qué se hizo: lo que guarda se hizo de nuevo a partir de los demás y se comparó.',
      refused: 'Qué se hizo: el intento fue rechazado; no cambió nada.',
      reported: 'Qué se hizo: quedó anotado y se avisó al hospital.',
    },
    source: (address) =>
      `Allí se rechazó a alguien que intentó escribir desde la dirección ${address}. No se sabe si fue el mismo.`,
    mac: (mac) =>
      `La red de allí llama al aparato ${mac}. Eso es solo lo que se dice: un aparato puede dar cualquier nombre.`,
    more: (others) => `Y más de este tipo: ${others}.`,
    end: 'Abra la aplicación para ver más. Esta carta no lleva ningún enlace, para que nadie pueda enviarle uno falso. Usted eligió en la aplicación recibir este aviso, y allí puede cambiarlo.',
  },
  ar: {
    subject: 'عبث أحدهم بخادم يحفظ بيانات لك',
    what: 'تغيّر ما يحفظه خادم لك، أو حاول أحدهم تغييره. لا يُقرأ منه شيء حتى يُصنع من جديد.',
    server: (name) => `الخادم: ${name}`,
    hours: (from, until) => `متى: من ${from} إلى ${until} (UTC)`,
    done: {
      quarantined: 'ما الذي تم: لا يُسأل هذا الخادم بعد الآن، والخوادم الأخرى تعمل.',
      rebuilt: 'ما الذي تم: صُنع ما يحفظه من جديد من الخوادم الأخرى، وقورن بها.',
      refused: 'ما الذي تم: رُفضت المحاولة، ولم يتغير شيء.',
      reported: 'ما الذي تم: سُجّل الأمر وأُبلغ به المستشفى.',
    },
    source: (address) =>
      `رُفض هناك طلب من حاول الكتابة من العنوان ${address}. لا يُعرف إن كان هو نفسه.`,
    mac: (mac) => `تسمي الشبكة هناك الجهاز ${mac}. هذا مجرد ادعاء: يستطيع أي جهاز أن يعطي أي اسم.`,
    more: (others) => `وهناك المزيد من هذا النوع: ${others}.`,
    end: 'افتح التطبيق لترى المزيد. لا تحتوي هذه الرسالة على أي رابط، حتى لا يستطيع أحد أن يرسل إليك رابطا مزيفا. لقد اخترت في التطبيق أن يصلك هذا التنبيه، ويمكنك تغيير ذلك هناك.',
  },
};

/** To the minute, of the world's clock: whoever reads it may be anywhere. */
const moment = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');

/** A letter about an incident: of machines alone (docs/protocol/alerts.md, AL-14). `count`: incidents that it tells of. */
export function incidentText(language: Language, facts: IncidentFacts, count: number) {
  const said = words[language];
  const { server, fromMs, untilMs, done, source, claimedMac } = facts;
  const lines = [
    said.what,
    '',
    said.server(server),
    said.hours(moment(fromMs), moment(untilMs)),
    said.done[done],
    ...(source === '' ? [] : [said.source(source)]),
    ...(source === '' || claimedMac === '' ? [] : [said.mac(claimedMac)]),
    ...(count > 1 ? [said.more(count - 1)] : []),
    '',
    said.end,
  ];
  return { subject: said.subject, body: `${lines.join('\n')}\n` };
}
