import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { CodedError } from '../primitives/errors.ts';
import { cutFile, judgeFile } from '../sdk/records/fhir-file.ts';

/** A file of the story, and which persons it introduces. */
export interface Input {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Names of the FHIR Patients in it, in order. */
  readonly patients: readonly string[];
  /** Index of the person (over all inputs) whom it belongs to. */
  owner: number;
}

/** A person in a FHIR file, and where her own lines lie when the file holds several persons. */
interface Found {
  readonly name: string;
}

/**
 * Reads the files. Every Patient in them becomes a person; a file without one belongs to the first person.
 * A file with several Patients belongs to the first of them: it is kept to the byte, so it is not cut up.
 * Throws FILE_UNREADABLE, and what a file is refused with.
 */
export function readInputs(bundles: readonly string[], attachments: readonly string[]): Input[] {
  let people = 0;
  const inputs = [...bundles, ...attachments].map((path) => {
    const bytes = readWhole(path);
    const name = basename(path);
    const patients = patientsIn(name, bytes).map((it) => it.name);
    const owner = patients.length > 0 ? people : 0;
    people += patients.length;
    return { name, bytes, patients, owner };
  });
  return inputs;
}

function readWhole(path: string): Uint8Array {
  try {
    if (!statSync(path).isFile()) throw new CodedError('FILE_UNREADABLE', { file: basename(path) });
    return new Uint8Array(readFileSync(path));
  } catch (cause) {
    if (cause instanceof CodedError) throw cause;
    throw new CodedError('FILE_UNREADABLE', { file: basename(path) }, cause);
  }
}

function patientsIn(name: string, bytes: Uint8Array): Found[] {
  const { format } = judgeFile(name, bytes.subarray(0, 4096), bytes.length);
  if (format === 'opaque') return [];
  const { parts } = cutFile(name, bytes);
  return parts
    .filter(({ facts }) => facts?.resourceType === 'Patient')
    .map(({ offset, length }) => ({ name: displayName(bytes.subarray(offset, offset + length)) }));
}

interface HumanName {
  readonly given?: readonly string[];
  readonly family?: string;
  readonly text?: string;
}

/** How the record itself calls the person; Synthea puts digits behind its names. */
function displayName(resource: Uint8Array): string {
  const { name } = JSON.parse(new TextDecoder().decode(resource)) as { readonly name?: unknown };
  const [first] = Array.isArray(name) ? (name as readonly HumanName[]) : [];
  const spoken = first?.text ?? [first?.given?.[0], first?.family].filter(Boolean).join(' ');
  const clean = (spoken ?? '').replace(/\d+/g, '').trim();
  return clean === '' ? 'Unnamed Patient' : clean.slice(0, 100);
}
