import type { CodedError } from '../../../../primitives/errors.ts';
import type { AccountId } from '../../../../primitives/ids.ts';
import { joinClinical } from '../../crypto/pages/clinical-lane.ts';
import { basePanel, isPadded, panelOf, vitalsOf } from '../../crypto/panels.ts';
import { clinicalValue } from '../../crypto/vital-signs.ts';
import type { ProvenPage, ProvenReading } from './shown-pages.ts';

/** An hour of readings, or a part of one, as whoever may read it sees it. */
export interface VitalsPage {
  readonly panel: number;
  /** Hours since 1970. */
  readonly startHour: number;
  /** Of the sensor's pages of this panel. */
  readonly sequence: number;
  /** Hex; undefined: the patient's registration does not list it any more. */
  readonly sensor: string | undefined;
  /** Row by row, the vital signs of the panel in its order, each in its own unit; of a padded page those that were measured. */
  readonly rows: readonly (readonly number[])[];
  readonly from: 'servers' | 'replica';
}

/** What became of one server. */
export type ServerState =
  | { readonly kind: 'answered'; readonly reading: ProvenReading }
  /** No answer, or one that says it cannot now. */
  | { readonly kind: 'silent'; readonly code: CodedError['code'] }
  /** It said no, and the ledger has the grant alive. */
  | { readonly kind: 'refused'; readonly code: CodedError['code'] }
  | { readonly kind: 'lied'; readonly reason: string };

/** One of the three, by name. */
export interface NamedServer {
  readonly server: AccountId;
  readonly state: ServerState;
}

export interface Joined {
  readonly pages: readonly VitalsPage[];
  /** Hours of pages that somebody proved and of which not all three shares hold. */
  readonly missingHours: readonly number[];
  /** As given, and who kept a proven page back is a liar. */
  readonly servers: readonly NamedServer[];
}

/**
 * Holds the three against each other and adds up what all of them showed. A page that one proves and another leaves out is
 * held against the other, who signed its batch. Source: docs/protocol/vitals-reading.md, rules VR-15 and VR-16.
 */
export function joinPages(given: readonly NamedServer[]): Joined {
  const proven = new Map<string, ProvenPage>();
  for (const { state } of given) {
    if (state.kind !== 'answered') continue;
    for (const [id, page] of state.reading.pages) proven.set(id, page);
  }
  const servers = given.map(({ server, state }): NamedServer => {
    if (state.kind !== 'answered') return { server, state };
    const { newestBatch, pages } = state.reading;
    // What it says that it does not have yet, it does not keep back.
    const withholds = [...proven].some(([id, { batch }]) => batch <= newestBatch && !pages.has(id));
    return withholds ? { server, state: { kind: 'lied', reason: 'withheld' } } : { server, state };
  });
  const pages: VitalsPage[] = [];
  const missing = new Set<number>();
  for (const [id, page] of proven) {
    const shares = given.flatMap(({ state }) =>
      state.kind === 'answered' ? (state.reading.pages.get(id) ?? []) : [],
    );
    const isOne = shares.every((it) => it.manifestHash === page.manifestHash);
    if (shares.length === 3 && isOne) pages.push(joined(page, shares));
    else missing.add(page.manifest.startHour);
  }
  return { pages: inOrder(pages), missingHours: [...missing].sort((a, b) => a - b), servers };
}

function joined({ manifest, sensor }: ProvenPage, shares: readonly ProvenPage[]): VitalsPage {
  const codes = joinClinical(shares.map(({ kept }) => kept.clinical));
  const { panel, startHour, sequence, n } = manifest;
  const known = shares.find((it) => it.sensor !== undefined)?.sensor ?? sensor;
  return {
    ...{ panel: basePanel(panel), startHour, sequence, sensor: known, from: 'servers' },
    rows: rowsOf(panel, n, codes),
  };
}

/** Values of clinical codes, n x k, row by row; of a padded panel without its blank rows. Throws PANEL_UNKNOWN. */
export function rowsOf(
  panel: number,
  n: number,
  codes: Uint16Array,
): readonly (readonly number[])[] {
  const vitals = vitalsOf(panelOf(panel));
  const rows = Array.from({ length: n }, (_, row) =>
    vitals.map((_vital, at) => codes[row * vitals.length + at] ?? 0),
  );
  return rows
    .filter((row) => !isPadded(panel) || row.some((code) => code !== 0))
    .map((row) => vitals.map((vital, at) => clinicalValue(vital, row[at] ?? 0)));
}

/** By hour, then by sensor and sequence. */
export const inOrder = (pages: readonly VitalsPage[]): readonly VitalsPage[] =>
  [...pages].sort(
    (a, b) =>
      a.startHour - b.startHour ||
      (a.sensor ?? '').localeCompare(b.sensor ?? '') ||
      a.sequence - b.sequence,
  );

/** Of a sensor, numbers of pages with others missing between two that came. */
export interface Gap {
  readonly sensor: string;
  readonly after: number;
  readonly before: number;
  /** Hours of the two, since 1970. */
  readonly afterHour: number;
  readonly beforeHour: number;
}

/** Where a sensor's numbers leave some out. A sensor numbers the pages of each panel. Rule VR-15. */
export function gapsIn(pages: readonly VitalsPage[]): readonly Gap[] {
  const bySensor = new Map<string, VitalsPage[]>();
  for (const page of pages) {
    if (page.sensor === undefined) continue;
    bySensor.set(page.sensor, [...(bySensor.get(page.sensor) ?? []), page]);
  }
  return [...bySensor].flatMap(([sensor, own]) => {
    const sorted = own.toSorted((a, b) => a.sequence - b.sequence);
    return sorted.flatMap(({ sequence: before, startHour: beforeHour }, at) => {
      const last = sorted[at - 1];
      if (last === undefined || before - last.sequence <= 1) return [];
      return [{ sensor, after: last.sequence, before, afterHour: last.startHour, beforeHour }];
    });
  });
}

/** Who showed an older registration than another, or has not taken in a batch that another shows. Rule VR-15. */
export function serversBehind(servers: readonly NamedServer[]): readonly AccountId[] {
  const came = servers.flatMap(({ server, state }) =>
    state.kind === 'answered' ? [{ server, reading: state.reading }] : [],
  );
  const counter = Math.max(...came.map(({ reading }) => reading.registration.counter));
  const shown = came.flatMap(({ reading }) => [...reading.pages.values()]);
  const batch = shown.reduce((newest, page) => Math.max(newest, page.batch), 0);
  return came
    .filter(({ reading }) => reading.registration.counter < counter || reading.newestBatch < batch)
    .map(({ server }) => server);
}
