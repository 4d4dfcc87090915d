import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Code } from '../codes/index.ts';
import { sha256 } from '../crypto/hash.ts';
import { bytesToHex } from '../primitives/bytes.ts';
import { CodedError, isCoded } from '../primitives/errors.ts';
import type { FileKind } from '../sdk/records/fhir-file.ts';
import { enrolMember, type Member } from './cast.ts';
import type { Servers } from './server.ts';

/** What became of one file of a corpus (protocol 11). */
export interface CorpusLine {
  readonly file: string;
  readonly kind: FileKind;
  readonly result: 'imported' | 'refused';
  readonly code: Code | '';
  readonly items: number;
  readonly sha256In: string;
  readonly sha256Out: string;
}

/** Imports every file of a folder, or says with which code it was refused; a fault ends the run. */
export async function* importCorpus(
  servers: Servers,
  home: string,
  folder: string,
  signal: AbortSignal,
): AsyncGenerator<CorpusLine> {
  const who = {
    nickname: 'collector',
    name: 'Collector of files',
    role: 'patient',
    hospital: 'north',
  } as const;
  const member = await enrolMember(servers, home, who);
  for (const path of filesIn(folder)) {
    signal.throwIfAborted();
    yield await importOne(member, relative(folder, path), new Uint8Array(readFileSync(path)));
  }
}

function filesIn(folder: string): string[] {
  let entries: ReturnType<typeof list>;
  try {
    entries = list(folder);
  } catch (cause) {
    throw new CodedError('FILE_UNREADABLE', { corpus: folder }, cause);
  }
  return entries
    .filter((it) => it.isFile())
    .map((it) => join(it.parentPath, it.name))
    .sort();
}

const list = (folder: string) => readdirSync(folder, { recursive: true, withFileTypes: true });

async function importOne(member: Member, file: string, bytes: Uint8Array): Promise<CorpusLine> {
  const { person } = member;
  const sha256In = bytesToHex(sha256(bytes));
  const name = file.split('/').at(-1) ?? file;
  try {
    // Each file is somebody else's: it belongs to all.
    const input = {
      name,
      byteLength: bytes.length,
      read: async function* () {
        yield bytes;
      },
    };
    const added = await person.addFile(input, { persons: 'all' });
    const { importId } = added;
    const sha256Out =
      importId === undefined ? sha256In : (await person.exportImport(importId)).sha256;
    if (sha256Out !== sha256In) throw new CodedError('STEP_FAILED', { file });
    const items = added.items.length + added.unchanged.length;
    return {
      file,
      kind: added.kind ?? 'other',
      result: 'imported',
      code: '',
      items,
      sha256In,
      sha256Out,
    };
  } catch (error) {
    if (!isCoded(error) || error.kind !== 'not-valid') throw error;
    return {
      file,
      kind: 'other',
      result: 'refused',
      code: error.code,
      items: 0,
      sha256In,
      sha256Out: '',
    };
  }
}
