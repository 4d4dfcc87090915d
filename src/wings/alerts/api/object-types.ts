/** The objects of the wing that travel. */
export const alertsObjects = { choice: 140 } as const;
