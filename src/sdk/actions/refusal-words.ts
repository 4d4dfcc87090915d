/** Why a hospital refused a look, as a report says it to somebody who knows no codes; `other`: any code that stands not here. */
interface RefusalWords {
  readonly reasons: Readonly<Record<string, string>>;
  readonly other: string;
  readonly end: string;
}

const words = {
  en: {
    reasons: {
      NOT_SHARED: 'Nothing was shared with this account.',
      CONSENT_ENDED: 'What was shared had ended.',
      CONSENT_NOT_LIVE: 'What was shared did not hold at that time.',
      CLASS_NOT_GRANTED: 'What was shared does not cover this kind of entry.',
      PURPOSE_NOT_GRANTED: 'It was asked for another purpose than it was shared for.',
      RECORD_NOT_GRANTED: 'What was shared does not cover this entry.',
      RECORD_UNKNOWN: 'An entry was asked for that is not there, or not shared.',
      GRANT_BODY_WRONG: "What was shown as shared was not this patient's.",
      REQUEST_STALE: 'The clock of the reader was off.',
      REQUEST_REPLAYED: 'The same request was sent a second time.',
      LEDGER_STALLED: 'It could not be written down at that time.',
    },
    other: 'The hospital refused it',
    end: 'Nothing was handed out.',
  },
  es: {
    reasons: {
      NOT_SHARED: 'No se había compartido nada con esta cuenta.',
      CONSENT_ENDED: 'Lo compartido había terminado.',
      CONSENT_NOT_LIVE: 'Lo compartido no valía en ese momento.',
      CLASS_NOT_GRANTED: 'Lo compartido no incluye este tipo de entrada.',
      PURPOSE_NOT_GRANTED: 'Se pidió para un fin distinto de aquel para el que se compartió.',
      RECORD_NOT_GRANTED: 'Lo compartido no incluye esta entrada.',
      RECORD_UNKNOWN: 'Se pidió una entrada que no existe, o no se comparte.',
      GRANT_BODY_WRONG: 'Lo que se mostró como compartido no era de este paciente.',
      REQUEST_STALE: 'El reloj de quien pedía iba mal.',
      REQUEST_REPLAYED: 'La misma petición se envió por segunda vez.',
      LEDGER_STALLED: 'No se podía anotar en ese momento.',
    },
    other: 'El hospital lo rechazó',
    end: 'No se entregó nada.',
  },
  ar: {
    reasons: {
      NOT_SHARED: 'لم يُشارَك شيء مع هذا الحساب.',
      CONSENT_ENDED: 'كانت المشاركة قد انتهت.',
      CONSENT_NOT_LIVE: 'لم تكن المشاركة سارية حينها.',
      CLASS_NOT_GRANTED: 'لا تشمل المشاركة هذا النوع من المدخلات.',
      PURPOSE_NOT_GRANTED: 'طُلب لغرض غير الغرض الذي شورك له.',
      RECORD_NOT_GRANTED: 'لا تشمل المشاركة هذا المدخل.',
      RECORD_UNKNOWN: 'طُلب مدخل غير موجود أو غير مُشارَك.',
      GRANT_BODY_WRONG: 'ما عُرض على أنه مشاركة ليس من هذا المريض.',
      REQUEST_STALE: 'كانت ساعة القارئ غير مضبوطة.',
      REQUEST_REPLAYED: 'أُرسل الطلب نفسه مرة ثانية.',
      LEDGER_STALLED: 'تعذّر التدوين حينها.',
    },
    other: 'رفضه المستشفى',
    end: 'لم يُسلَّم شيء.',
  },
} as const satisfies Readonly<Record<string, RefusalWords>>;

/** Sentences; '': it was counted alone, and no code is known. Of a code that is not here the code stands beside. */
export function refusalReason(language: keyof typeof words, code: string): string {
  const { reasons, other, end }: RefusalWords = words[language];
  const why = reasons[code] ?? (code === '' ? undefined : `${other} (${code}).`);
  return why === undefined ? end : `${why} ${end}`;
}

/** The codes that are said in words, in their order. */
export const refusalsInWords = (language: keyof typeof words): readonly string[] =>
  Object.keys(words[language].reasons);
