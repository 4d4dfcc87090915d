/** The words that the wing adds to the spine's lists. */
export const alertsNames = {
  roles: [],
  rights: [],
  batchKinds: [],
  labels: {
    alertCause: 'salus/1/alerts/cause',
    alertOutbox: 'salus/1/alerts/outbox',
    alertChoice: 'salus/1/alerts/choice',
    alertSeal: 'salus/1/alerts/seal',
    alertLetter: 'salus/1/alerts/letter',
    alertLetterRow: 'salus/1/alerts/letter-row',
    alertLetterKey: 'salus/1/alerts/letter-key',
    alertInbox: 'salus/1/alerts/inbox',
    alertConfirm: 'salus/1/alerts/confirm',
    alertConfirmKey: 'salus/1/alerts/confirm-key',
    alertConfirmId: 'salus/1/alerts/confirm-id',
    alertConfirmCheck: 'salus/1/alerts/confirm-check',
  },
} as const;
