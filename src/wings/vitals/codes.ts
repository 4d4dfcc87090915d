/** What the wing says, by code. Pages: 100-119; acts: 120-149. Source: docs/protocol/vitals-pages.md. */
export const vitalsCodes = {
  VALUE_RANGE: { kind: 'not-valid', number: 100, sentence: 'This value lies outside what the vital sign can be: it is refused, not cut off.' },
  VALUE_UNIT: { kind: 'not-valid', number: 101, sentence: 'This vital sign is not measured in this unit.' },
  PANEL_UNKNOWN: { kind: 'not-valid', number: 102, sentence: 'There is no such panel of vital signs.' },
  ROW_INCOMPLETE: { kind: 'not-valid', number: 103, sentence: 'A reading holds every vital sign of its panel, or it is no reading of that panel.' },
  BODY_LENGTH: { kind: 'not-valid', number: 104, sentence: 'The part of a page for this server has another length than the page.' },
  EDGES_VERSION: { kind: 'not-valid', number: 109, sentence: 'This version of the histogram edges is not known here.' },
} as const;
