import { type IncidentSaid, incidentWords } from './incident-words.ts';
import { refusalReason } from './refusal-words.ts';

export type ReportLanguage = 'en' | 'es' | 'ar';

/** What a report says, in plain words. Numbers stand as they are: each sentence fits every count. */
interface ReportWords {
  readonly title: string;
  readonly somebody: string;
  readonly purposes: Readonly<Record<string, string>>;
  readonly look: (who: string, count: number, purpose: string) => string;
  readonly emergency: (who: string, count: number) => string;
  readonly refusal: (who: string, count: number, code: string) => string;
  readonly erasure: (who: string) => string;
  readonly statistic: (who: string, purpose: string, isCounted: boolean) => string;
  readonly device: (name: string) => string;
  readonly digits: string;
  readonly incident: (said: IncidentSaid) => string;
  readonly doubtful: (code: string) => string;
  readonly withheld: (grants: number) => string;
  readonly complete: string;
  readonly missing: (wing: string, code: string) => string;
  readonly nothing: string;
  readonly period: (from: string, until: string) => string;
  readonly made: (when: string, chain: string) => string;
  readonly signed: string;
  readonly when: string;
  readonly what: string;
  readonly place: string;
}

const withCode = (code: string): string => (code === '' ? '' : ` (${code})`);

export const reportWords: Readonly<Record<ReportLanguage, ReportWords>> = {
  en: {
    title: 'What was done with the record of',
    somebody: 'Somebody',
    purposes: {
      TREAT: 'treatment',
      ETREAT: 'emergency treatment',
      HPAYMT: 'payment',
      research: 'research',
      HRESCH: 'research',
      FAMRQT: 'a request of the family',
      PATRQT: 'a request of the patient',
      HOPERAT: 'running the hospital',
      quality: 'the quality of care',
      trial: 'a trial',
      'public-health': 'public health',
    },
    look: (who, count, purpose) => `${who} looked, for ${purpose}. Entries: ${count}.`,
    emergency: (who, count) => `${who} looked for an emergency. Entries: ${count}.`,
    refusal: (who, count, code) =>
      `${who} was refused. ${refusalReason('en', code)} Times: ${count}.`,
    erasure: (who) => `${who} erased an entry, and signed it.`,
    statistic: (who, purpose, isCounted) =>
      `${who} asked a question about groups of patients, for ${purpose}. ${isCounted ? 'This record is in that group by what is said of it' : 'This record is not in that group'}; nobody learnt a value of it.`,
    device: (name) => `The device ${name} was added.`,
    digits: 'Wrong digits were entered where a device was being added.',
    incident: incidentWords.en,
    doubtful: (code) => `A hospital told of something that does not verify${withCode(code)}.`,
    withheld: (grants) =>
      `LOOKS WERE KEPT BACK: the ledger counts more than hospitals told. Grants: ${grants}.`,
    complete: 'The ledger counts as many looks as hospitals told of: none was kept back.',
    missing: (wing, code) => `Not asked now, so missing here: ${wing}${withCode(code)}.`,
    nothing: 'Nothing was done with it.',
    period: (from, until) => `From ${from} until ${until}.`,
    made: (when, chain) =>
      `Made ${when}, on the patient's own device. What the ledger ${chain} has of each line was checked against it.`,
    signed:
      'Signed with the key of the account that is named first. This page alone proves nothing: what was signed is the report as a file, which can be checked: salus looked --check FILE.',
    when: 'When',
    what: 'What',
    place: 'Where on the ledger',
  },
  es: {
    title: 'Qué se hizo con la historia de',
    somebody: 'Alguien',
    purposes: {
      TREAT: 'tratamiento',
      ETREAT: 'tratamiento de urgencia',
      HPAYMT: 'pago',
      research: 'investigación',
      HRESCH: 'investigación',
      FAMRQT: 'petición de la familia',
      PATRQT: 'petición del paciente',
      HOPERAT: 'gestión del hospital',
      quality: 'calidad de la atención',
      trial: 'un ensayo',
      'public-health': 'salud pública',
    },
    look: (who, count, purpose) => `${who} miró, por: ${purpose}. Entradas: ${count}.`,
    emergency: (who, count) => `${who} miró por una emergencia. Entradas: ${count}.`,
    refusal: (who, count, code) =>
      `Se le negó a ${who}. ${refusalReason('es', code)} Veces: ${count}.`,
    erasure: (who) => `${who} borró una entrada y lo firmó.`,
    statistic: (who, purpose, isCounted) =>
      `${who} hizo una pregunta sobre grupos de pacientes, por: ${purpose}. ${isCounted ? 'Esta historia es de ese grupo, por lo que se dice de ella' : 'Esta historia no es de ese grupo'}; nadie supo un valor de ella.`,
    device: (name) => `Se añadió el dispositivo ${name}.`,
    digits: 'Se escribieron cifras equivocadas al añadir un dispositivo.',
    incident: incidentWords.es,
    doubtful: (code) => `Un hospital contó algo que no se puede verificar${withCode(code)}.`,
    withheld: (grants) =>
      `SE OCULTARON MIRADAS: el registro cuenta más de las que dijeron los hospitales. Accesos: ${grants}.`,
    complete:
      'El registro cuenta tantas miradas como dijeron los hospitales: no se ocultó ninguna.',
    missing: (wing, code) => `No se pudo preguntar ahora y falta aquí: ${wing}${withCode(code)}.`,
    nothing: 'No se hizo nada con ella.',
    period: (from, until) => `Desde ${from} hasta ${until}.`,
    made: (when, chain) =>
      `Hecho ${when}, en el dispositivo del propio paciente. Lo que el registro ${chain} tiene de cada línea se comprobó con él.`,
    signed:
      'Firmado con la clave de la cuenta que figura primero. Esta página sola no prueba nada: lo firmado es el informe como archivo, que se puede comprobar: salus looked --check ARCHIVO.',
    when: 'Cuándo',
    what: 'Qué',
    place: 'Dónde en el registro',
  },
  ar: {
    title: 'ما الذي تم بسجل',
    somebody: 'أحدهم',
    purposes: {
      TREAT: 'العلاج',
      ETREAT: 'علاج طارئ',
      HPAYMT: 'الدفع',
      research: 'البحث',
      HRESCH: 'البحث',
      FAMRQT: 'طلب من العائلة',
      PATRQT: 'طلب من المريض',
      HOPERAT: 'إدارة المستشفى',
      quality: 'جودة الرعاية',
      trial: 'تجربة سريرية',
      'public-health': 'الصحة العامة',
    },
    look: (who, count, purpose) => `اطّلع ${who}. الغرض: ${purpose}. المدخلات: ${count}.`,
    emergency: (who, count) => `اطّلع ${who} لحالة طارئة. المدخلات: ${count}.`,
    refusal: (who, count, code) => `رُفض طلب ${who}. ${refusalReason('ar', code)} المرات: ${count}.`,
    erasure: (who) => `محا ${who} مدخلًا ووقّع على ذلك.`,
    statistic: (who, purpose, isCounted) =>
      `طرح ${who} سؤالًا عن مجموعات من المرضى. الغرض: ${purpose}. ${isCounted ? 'هذا السجل من تلك المجموعة بحسب ما ذُكر عنه' : 'هذا السجل ليس من تلك المجموعة'}؛ ولم يعرف أحد قيمة منه.`,
    device: (name) => `أضيف الجهاز ${name}.`,
    digits: 'أُدخلت أرقام خاطئة عند إضافة جهاز.',
    incident: incidentWords.ar,
    doubtful: (code) => `أخبر مستشفى بشيء لا يمكن التحقق منه${withCode(code)}.`,
    withheld: (grants) =>
      `أُخفيت اطّلاعات: يعدّ السجل العام أكثر مما أخبرت به المستشفيات. المشاركات: ${grants}.`,
    complete: 'يعدّ السجل العام من الاطّلاعات بقدر ما أخبرت به المستشفيات: لم يُخفَ شيء.',
    missing: (wing, code) => `تعذّر السؤال الآن، وهو ناقص هنا: ${wing}${withCode(code)}.`,
    nothing: 'لم يتم به شيء.',
    period: (from, until) => `من ${from} إلى ${until}.`,
    made: (when, chain) =>
      `أُعدّ ${when} على جهاز المريض نفسه. وقورن كل سطر بما في السجل العام ${chain} عنه.`,
    signed:
      'موقّع بمفتاح الحساب المذكور أولًا. لا تثبت هذه الصفحة وحدها شيئًا: الموقَّع هو ملف التقرير، ويمكن التحقق منه: salus looked --check FILE.',
    when: 'متى',
    what: 'ماذا',
    place: 'أين في السجل العام',
  },
};
