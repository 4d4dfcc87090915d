import type { ConsentId, RecordId } from '../../primitives/ids.ts';
import type { MyPatient } from '../actions/my-patients.ts';
import type { NoteToWrite } from '../actions/note-to-write.ts';
import type { PatientIdentity } from '../actions/patient-identity.ts';
import type { ReadOptions, SharedRead } from '../actions/read-shared.ts';
import type { SharedLines } from '../actions/record-lines.ts';
import type { SharedListing } from '../actions/shared-pages.ts';
import { forgetUnwritten, type UnwrittenNote, unwrittenNotes } from '../actions/unwritten-notes.ts';
import type { WrittenRecords } from '../actions/write-shared.ts';
import { heldGrant, type ReceivedGrant, receivedGrants } from '../grants/received.ts';
import { later } from '../later.ts';
import type { AsAccount } from './acting.ts';
import { GivenGrants } from './given-grants.ts';

/** What others let a person read and write: her patients and their charts. */
export abstract class ReceivedGrants extends GivenGrants {
  /** Every grant this person holds, with what the ledger says about each now; the inbox is not asked. */
  received(options: AsAccount = {}): Promise<readonly ReceivedGrant[]> {
    return this.act(options, (ctx) => receivedGrants(ctx, options));
  }

  /** Who granted this person something that lives, until when, and what is new; fetches letters first. */
  patients(options: AsAccount = {}): Promise<readonly MyPatient[]> {
    return this.act(options, async (ctx) => {
      await this.inboxes.receive(ctx, options);
      return (await later.myPatients()).myPatients(ctx, options);
    });
  }

  /**
   * Who the patient of a grant is, by her own chart: as this device read it before, or, with `look`, as it reads it now
   * under the grant. Undefined: not known. Throws as `readShared`.
   */
  patientIdentity(
    consent: ConsentId,
    options: AsAccount & { readonly look?: boolean } = {},
  ): Promise<PatientIdentity | undefined> {
    return this.act(options, async (ctx) => {
      const { knownIdentity, readIdentity } = await later.patientIdentity();
      return options.look === true
        ? readIdentity(ctx, consent, options)
        : knownIdentity(ctx, consent);
    });
  }

  /** What there is under a grant, unopened: a look like any other. Throws as `readShared`. */
  listShared(consent: ConsentId, options: AsAccount & ReadOptions = {}): Promise<SharedListing> {
    return this.act(options, async (ctx) =>
      (await later.sharedPages()).requestRows(ctx, heldGrant(ctx, consent), options),
    );
  }

  /** What there is under a grant, in one line each, without its bodies: one look. Throws as `readShared`. */
  sharedLines(consent: ConsentId, options: AsAccount & ReadOptions = {}): Promise<SharedLines> {
    return this.act(options, async (ctx) =>
      (await later.recordLines()).sharedLines(ctx, consent, options),
    );
  }

  /**
   * Reads under a grant: the look stands on the ledger before anything comes back. Throws NOT_SHARED,
   * PURPOSE_NOT_GRANTED, CONSENT_ENDED, CONSENT_NOT_LIVE, REQUEST_STALE (the device's clock), KEY_NOT_HERE.
   */
  readShared(consent: ConsentId, options: AsAccount & ReadOptions = {}): Promise<SharedRead> {
    return this.act(options, async (ctx) =>
      (await later.readShared()).readShared(ctx, consent, options),
    );
  }

  /**
   * Writes under a grant with write classes; notes of class `diagnosis` are anchored on Docchain, and stand alone.
   * Throws NOT_SHARED, CONSENT_CANNOT_WRITE, CLASS_NOT_GRANTED, CONSENT_ENDED, EPOCH_NONE, REQUEST_INVALID;
   * WRITE_KEY_ENDED: keys were changed, and with `kept` true the notes are written once the new write key has come.
   */
  write(
    consent: ConsentId,
    notes: readonly NoteToWrite[],
    options: AsAccount = {},
  ): Promise<WrittenRecords> {
    return this.act(options, async (ctx) =>
      (await later.writeShared()).writeShared(ctx, consent, notes, options),
    );
  }

  /** Notes that wait for a new write key of their grant: `inbox` and `sync` write them when it has come. */
  get unwritten(): readonly UnwrittenNote[] {
    return unwrittenNotes(this.vault.content);
  }

  /** Lets notes of this account go that wait for a new write key: of a grant that has ended, say. */
  dropUnwritten(recordIds: readonly RecordId[], options: AsAccount = {}): Promise<void> {
    return this.act(options, (ctx) =>
      forgetUnwritten(
        ctx,
        recordIds.map((recordId) => ({ recordId })),
      ),
    );
  }

  /** `write` of one note of class `diagnosis`. */
  diagnose(
    consent: ConsentId,
    note: Omit<NoteToWrite, 'recordClass'>,
    options: AsAccount = {},
  ): Promise<WrittenRecords> {
    return this.write(consent, [{ ...note, recordClass: 'diagnosis' }], options);
  }
}
