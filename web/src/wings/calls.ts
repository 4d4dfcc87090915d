/** What the wings let a page have done: one line a wing in each; `worker/calls/all.ts` alone reads them. */
export const wingParts = {
  alerts: async () => (await import('./alerts/calls.ts')).alertsCalls,
  consortium: async () => (await import('./consortium/calls.ts')).consortiumCalls,
  incidents: async () => (await import('./vitals/calls-incidents.ts')).incidentsCalls,
  questions: async () => (await import('./vitals/calls-questions.ts')).questionsCalls,
  studies: async () => (await import('./vitals/calls-studies.ts')).studiesCalls,
  vitals: async () => (await import('./vitals/calls.ts')).vitalsCalls,
} as const;

export const wingPartOf = {
  'alerts.now': 'alerts',
  'alerts.inbox': 'alerts',
  'alerts.set': 'alerts',
  'alerts.confirm': 'alerts',
  'alerts.off': 'alerts',
  'alerts.try': 'alerts',
  'alerts.standing': 'alerts',
  consortium: 'consortium',
  'incidents.list': 'incidents',
  'questions.list': 'questions',
  'questions.predict': 'questions',
  'questions.ask': 'questions',
  'questions.continue': 'questions',
  'questions.file': 'questions',
  'questions.forget': 'questions',
  'studies.list': 'studies',
  'studies.change': 'studies',
  'vitals.own': 'vitals',
  'vitals.chart': 'vitals',
  'vitals.held': 'vitals',
  'vitals.limits': 'vitals',
} as const;
