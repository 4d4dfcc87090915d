/** What the wing says, by code. Source: docs/protocol/alerts.md. */
export const alertsCodes = {
  ALERTS_OFF: { kind: 'unavailable', status: 503, sentence: 'This hospital sends no alerts on this way yet: its operator has to name a mail relay.' },
  ALERT_ADDRESS_WRONG: { kind: 'not-valid', status: 422, sentence: 'This is no address that alerts can be sent to.' },
  ALERT_CHOICE_OLD: { kind: 'not-valid', status: 409, sentence: 'Another device has changed this since: look at it again, then change it.' },
  ALERT_KEY_OLD: { kind: 'not-valid', status: 409, sentence: 'The alert service has another key by now: seal this to the new one.' },
  OUTBOX_TAMPERED: { kind: 'verification', sentence: 'A row of the outbox was not written by this hospital’s gateway, or was changed: it is not sent.' },
  OUTBOX_GAP: { kind: 'verification', sentence: 'Rows of the outbox are missing that this hospital’s gateway wrote.' },
  LETTER_TAMPERED: { kind: 'verification', sentence: 'A letter that waits was not written by this hospital’s alert service, or was changed: it is not sent.' },
  CHOICE_TAMPERED: { kind: 'verification', sentence: 'An address was put into this hospital’s file by another hand than its owner’s: nothing is sent to it.' },
  RELAY_INVALID: { kind: 'usage', sentence: 'This names no mail relay: smtp://HOST:PORT?from=ADDRESS, or smtps://.' },
  RELAY_UNREACHABLE: { kind: 'unavailable', sentence: 'The mail relay does not answer, or not as one.' },
  RELAY_UNSAFE: { kind: 'not-trusted', sentence: 'The mail relay offers no TLS, or not with a certificate for its name: nothing is said to it.' },
  RELAY_LATER: { kind: 'unavailable', sentence: 'The mail relay takes this letter later.' },
  RELAY_REFUSED: { kind: 'not-valid', sentence: 'The mail relay does not take this letter.' },
  RELAY_SILENT: { kind: 'unavailable', sentence: 'The mail relay has the letter and did not say that it took it: it is not sent again, since it may have arrived.' },
} as const;
