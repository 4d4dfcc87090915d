import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { RecordClass } from '../../../api/classes.ts';
import { type ConsentId, parseConsentId, type RecordId } from '../../../primitives/ids.ts';
import type { AddedFile, AddedItem } from '../../../sdk/actions/add-file.ts';
import type { Member } from '../../cast.ts';
import { hold, type Setting } from '../../chapter.ts';
import type { Input } from '../../inputs.ts';
import type { Servers } from '../../server.ts';

/** One file that a patient brought: what it was and what became of it. */
export interface Brought {
  readonly owner: Member;
  readonly input: Input;
  readonly added: AddedFile;
}

/** What the steps of the main chapter pass on to each other. Every step adds to it; none takes away. */
export class Scene {
  readonly home: string;
  readonly servers: Servers;
  readonly inputs: readonly Input[];
  readonly members = new Map<string, Member>();
  readonly patients: Member[] = [];
  readonly brought: Brought[] = [];
  readonly consents = new Map<string, ConsentId>();
  readonly signal: AbortSignal;

  constructor({ home, servers, inputs, signal }: Setting) {
    this.home = home;
    this.servers = servers;
    this.inputs = inputs;
    this.signal = signal;
    for (const folder of ['receipts', 'opened']) mkdirSync(join(home, folder), { recursive: true });
  }

  member(nickname: string): Member {
    const member = this.members.get(nickname);
    hold(member !== undefined, `${nickname} is not in the story`);
    return member;
  }

  /** The patient whom the story follows: the first. */
  get patient(): Member {
    const [first] = this.patients;
    hold(first !== undefined, 'a patient');
    return first;
  }

  consent(name: string): ConsentId {
    return parseConsentId(this.consents.get(name));
  }

  /** What the followed patient brought, item by item, with the file each came from. */
  ownItems(): readonly { readonly item: AddedItem; readonly file: Brought }[] {
    return this.brought
      .filter((it) => it.owner === this.patient)
      .flatMap((file) => file.added.items.map((item) => ({ item, file })));
  }

  /** Classes that the patient has, `wanted` first: real records need not have a laboratory. */
  classes(wanted: readonly RecordClass[], count: number): RecordClass[] {
    const present = new Set(this.ownItems().map(({ item }) => item.recordClass));
    const first = wanted.filter((it) => present.has(it));
    // Neither what Dr A is to write without reading it, nor what the device will write.
    const kept: readonly RecordClass[] = [...wanted, 'diagnosis', 'iot'];
    const rest = [...present].filter((it) => !kept.includes(it)).sort();
    return [...first, ...rest].slice(0, count);
  }

  keepReceipt(name: string, receipt: Uint8Array): string {
    const file = join('receipts', `${name}.receipt`);
    writeFileSync(join(this.home, file), receipt);
    return file;
  }

  keepOpened(recordId: RecordId, mediaType: string, bytes: Uint8Array): void {
    const ending = endings[mediaType.split(';')[0] ?? ''] ?? 'bin';
    writeFileSync(join(this.home, 'opened', `${basename(recordId)}.${ending}`), bytes);
  }
}

const endings: Readonly<Record<string, string>> = {
  'application/fhir+json': 'json',
  'application/json': 'json',
  'application/pdf': 'pdf',
  'application/dicom': 'dcm',
  'text/plain': 'txt',
};
