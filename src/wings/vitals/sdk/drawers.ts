/** Where a wallet keeps what the wing must not lose; how an entry reads stands beside what uses it. */
export const vitalsDrawers = {
  limits: 'vitals/limits',
  paillierKeys: 'vitals/paillier',
  paillierInUse: 'vitals/paillier-in-use',
  deliveries: 'vitals/deliveries',
  questions: 'vitals/questions',
  registrations: 'vitals/registrations',
} as const;
