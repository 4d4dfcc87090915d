import { CodedError } from '../../../primitives/errors.ts';
import { type VitalName, type VitalSign, vitalSigns } from './vital-signs.ts';

/** Vital signs that are measured together: products exist inside a panel only. */
export interface Panel {
  readonly number: number;
  readonly name: string;
  /** One to five, in the order of the wires. */
  readonly vitals: readonly VitalName[];
}

/** The panels, by number. Append-only. Source: docs/protocol/vitals-pages.md, rule VP-3. */
export const panels: readonly Panel[] = [
  {
    ...{ number: 1, name: 'vital-signs' },
    vitals: ['heartRate', 'systolic', 'temperature', 'oxygenSaturation', 'respiratoryRate'],
  },
  { number: 2, name: 'blood-pressure', vitals: ['systolic', 'diastolic'] },
  { number: 3, name: 'glucose', vitals: ['glucose'] },
  { number: 4, name: 'oximeter', vitals: ['pulse', 'oxygenSaturation'] },
  { number: 5, name: 'heart-rate', vitals: ['heartRate'] },
];

/** Of each panel there is a padded one, by so much higher: a full page every hour, and in no study. Rule VP-3a. */
const paddedAbove = 32;
export const paddedPanel = (number: number): number => number + paddedAbove;
export const isPadded = (number: number): boolean => number > paddedAbove;
/** The panel whose vital signs these are. */
export const basePanel = (number: number): number =>
  isPadded(number) ? number - paddedAbove : number;

/** Throws PANEL_UNKNOWN. */
export function panelOf(number: number): Panel {
  const panel = panels.find((it) => it.number === basePanel(number));
  if (panel === undefined) throw new CodedError('PANEL_UNKNOWN', { panel: number });
  return isPadded(number) ? { ...panel, number, name: `${panel.name}-padded` } : panel;
}

export const vitalsOf = ({ vitals }: Panel): readonly VitalSign[] =>
  vitals.map((name) => vitalSigns[name]);
