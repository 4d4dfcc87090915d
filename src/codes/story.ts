/** The story. */
export const storyCodes = {
  STEP_FAILED: { kind: 'fault', sentence: 'A step of the story did not hold.' },
} as const;
