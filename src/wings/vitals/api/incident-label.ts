import { vitalsNames } from '../names.ts';

/** What reports of incidents are signed under. Rule VT-3. */
export const incidentLabel = vitalsNames.labels.incident;
