/** What travels over HTTP. */
export const apiCodes = {
  CLASS_UNKNOWN: { kind: 'usage', sentence: 'Salus does not know this class of records.' },
  PURPOSE_UNKNOWN: { kind: 'usage', sentence: 'Salus does not know this purpose.' },
  CONDITION_UNKNOWN: { kind: 'not-valid', sentence: 'The grant has a condition that this version does not know, so it counts as no.' },
  REQUEST_TOO_MANY: { kind: 'not-valid', sentence: 'A read may name 1,000 records at most.' },
  REQUEST_INVALID: { kind: 'not-valid', status: 400, sentence: 'The request is not of the form that this address takes.' },
  NAME_INVALID: { kind: 'not-valid', status: 400, sentence: 'A name needs a letter or digit, and takes no control, invisible or formatting characters; its longest length is named.' },
  REFUSAL_UNKNOWN: { kind: 'unavailable', sentence: 'The ledger or server said no with a reason that this version does not know: it is older than what it talks to. Update Salus and try again.' },
} as const;
