import { CodedError, exportAccount, type Person } from '@salus/salus/sdk/browser';
import { AppError, type Call } from '../call.ts';
import { sha256Of } from '../hash.ts';
import { Zip } from '../zip.ts';
import { type ClosedView, closeShown } from './moving.ts';

/** Everything of an account, to keep. */
export interface LeaveFile {
  readonly zip: Blob;
  readonly imports: number;
  readonly records: number;
  readonly receipts: number;
}

/** What was made last for this wallet: nothing is erased before the very same bytes were read back from where they were saved. */
const made = new WeakMap<
  Person,
  { readonly account: string; readonly sha256: string; isReadBack: boolean }
>();

const everything: Call<{ readonly madeMs: number }, LeaveFile> = async (
  session,
  { madeMs },
  { signal, onProgress },
) => {
  const { person, account } = session;
  const archive = new Zip(madeMs);
  const files = new Map<string, Uint8Array>();
  const { imports, records, receipts } = await person.run(
    exportAccount,
    {
      write: async (name, bytes) => {
        archive.addAs(name, bytes);
        files.set(name, bytes);
      },
      read: async (name) => {
        const bytes = files.get(name);
        if (bytes === undefined) throw new CodedError('NOT_FOUND', { name });
        return bytes;
      },
    },
    { as: account.account, signal, onProgress },
  );
  const zip = archive.finish();
  const sha256 = await sha256Of(new Uint8Array(await zip.arrayBuffer()));
  made.set(person, { account: account.account, sha256, isReadBack: false });
  return { zip, imports, records, receipts };
};

/** Whether this is the file that was made, as it lies where it was saved. Throws LEAVE_UNREAD. */
const check: Call<{ readonly file: File }, void> = async (session, { file }) => {
  const held = made.get(session.person);
  const sha256 = await sha256Of(new Uint8Array(await file.arrayBuffer()));
  if (held === undefined || held.sha256 !== sha256) throw new AppError('LEAVE_UNREAD');
  held.isReadBack = true;
};

/** Closes the account that is shown, after its file was read back. Throws LEAVE_UNREAD. */
const close: Call<{ readonly code?: string | undefined }, ClosedView> = async (
  session,
  { code },
  work,
) => {
  const held = made.get(session.person);
  if (held?.isReadBack !== true || held.account !== session.account.account) {
    throw new AppError('LEAVE_UNREAD');
  }
  const closed = await closeShown(session, code, work);
  made.delete(session.person);
  await session.closed();
  return closed;
};

export const leavingCalls = {
  'leave.export': everything,
  'leave.check': check,
  'leave.close': close,
};
