/**
 * An incident of a server, as a sentence needs it; what is '' is not known. Source: docs/protocol/vitals-incidents.md, rule
 * VT-27.
 */
export interface IncidentSaid {
  /** A word for the server. */
  readonly server: string;
  /** `quarantined`, `rebuilt`, `refused`, `reported`. */
  readonly done: string;
  /** Whether her hospital told her of it; else the ledger alone has it, of a server with a share of her readings. */
  readonly isTold: boolean;
  /** Whether its report stands on the ledger. */
  readonly isProven: boolean;
  /** The hours that are concerned. */
  readonly from: string;
  readonly until: string;
  /** What the ledger says of the server since: `out`, or `back`, and from when. */
  readonly state: string;
  readonly since: string;
  /** Address of an attempt, and what the table of neighbours has of it. */
  readonly source: string;
  readonly claimedMac: string;
}

type Sentence = (it: IncidentSaid) => string;

const sentences = (...all: readonly string[]): string => all.filter((it) => it !== '').join(' ');
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
/** Written the other way than the words around it. */
const apart = (text: string): string => `\u2068${text}\u2069`;

const en: Sentence = (it) => {
  const server = it.server === '' ? 'a server' : `the server ${it.server}`;
  const what: Readonly<Record<string, string>> = {
    quarantined: `${capital(server)} was tampered with, and was taken out of use. It keeps one of three shares of the readings of this record.`,
    rebuilt: `What ${server} keeps of this record is as it was again.`,
    refused: `Somebody tried to change what ${server} keeps of this record, and was refused.`,
    reported: `Something that ${server} keeps of this record was changed or is gone. It was reported.`,
  };
  return sentences(
    it.isTold
      ? (what[it.done] ?? `Something happened at ${server}.`)
      : 'A server with one of three shares of the readings of this record was taken out of use. Nobody said that readings of this record were concerned.',
    it.from && `Concerned: from ${it.from} until ${it.until}.`,
    it.from === '' ? it.until && `Concerned: the time until ${it.until}.` : '',
    it.source && `The attempt came from the address ${it.source}.`,
    it.claimedMac && `Its hardware address is said to be ${it.claimedMac}: anybody can claim one.`,
    it.state === 'out' ? 'The server is still out of use.' : '',
    it.state === 'back' ? `The server holds what it should again since ${it.since}.` : '',
    it.isProven
      ? 'The hash of its report stands on the ledger.'
      : 'Told by the hospital alone: the ledger does not have its report.',
  );
};

const es: Sentence = (it) => {
  const server = it.server === '' ? 'un servidor' : `el servidor ${it.server}`;
  const what: Readonly<Record<string, string>> = {
    quarantined: `Se manipuló ${server}, y se retiró del uso. Guarda una de las tres partes de las mediciones de esta historia.`,
    rebuilt: `Lo que ${server} guarda de esta historia vuelve a estar como estaba.`,
    refused: `Alguien intentó cambiar lo que ${server} guarda de esta historia, y se le negó.`,
    reported: `Algo que ${server} guarda de esta historia se cambió o falta. Se comunicó.`,
  };
  return sentences(
    it.isTold
      ? (what[it.done] ?? `Ocurrió algo en ${server}.`)
      : 'Se retiró del uso un servidor con una de las tres partes de las mediciones de esta historia. Nadie dijo que afectara a mediciones de esta historia.',
    it.from && `Afecta: desde ${it.from} hasta ${it.until}.`,
    it.from === '' ? it.until && `Afecta: el tiempo hasta ${it.until}.` : '',
    it.source && `El intento llegó de la dirección ${it.source}.`,
    it.claimedMac &&
      `Se dice que su dirección física es ${it.claimedMac}: cualquiera puede decir una.`,
    it.state === 'out' ? 'El servidor sigue retirado.' : '',
    it.state === 'back' ? `El servidor vuelve a tener lo que debe desde ${it.since}.` : '',
    it.isProven
      ? 'El hash de su informe está en el registro.'
      : 'Solo lo dice el hospital: el registro no tiene su informe.',
  );
};

const ar: Sentence = (it) => {
  const server = it.server === '' ? 'أحد الخوادم' : `الخادم ${apart(it.server)}`;
  const what: Readonly<Record<string, string>> = {
    quarantined: `تعرّض ${server} للعبث، وأُخرج من الخدمة. وهو يحفظ واحدة من ثلاث حصص من قياسات هذا السجل.`,
    rebuilt: `عاد ما يحفظه ${server} من هذا السجل كما كان.`,
    refused: `حاول أحدهم تغيير ما يحفظه ${server} من هذا السجل، ورُفض ذلك.`,
    reported: `تغيّر شيء مما يحفظه ${server} من هذا السجل أو فُقد. وقد أُبلغ عنه.`,
  };
  return sentences(
    it.isTold
      ? (what[it.done] ?? `حدث شيء في ${server}.`)
      : 'أُخرج من الخدمة خادم يحفظ واحدة من ثلاث حصص من قياسات هذا السجل. ولم يقل أحد إن ذلك يخص قياسات هذا السجل.',
    it.from && `المدة المعنية: من ${apart(it.from)} إلى ${apart(it.until)}.`,
    it.from === '' ? it.until && `المدة المعنية: حتى ${apart(it.until)}.` : '',
    it.source && `جاءت المحاولة من العنوان ${apart(it.source)}.`,
    it.claimedMac &&
      `ويقال إن عنوانه المادي ${apart(it.claimedMac)}، ويمكن لأي أحد أن يدّعي عنوانًا.`,
    it.state === 'out' ? 'ولا يزال الخادم خارج الخدمة.' : '',
    it.state === 'back' ? `وعاد الخادم يحفظ ما ينبغي منذ ${apart(it.since)}.` : '',
    it.isProven
      ? 'وبصمة تقريره مذكورة في السجل العام.'
      : 'هذا قول المستشفى وحده: ليس تقريره في السجل العام.',
  );
};

export const incidentWords: Readonly<Record<'en' | 'es' | 'ar', Sentence>> = { en, es, ar };
