import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { accountIdText } from '../api/message-parts.ts';
import { utf8 } from '../primitives/bytes.ts';
import type { AccountId } from '../primitives/ids.ts';
import { writeWhole } from './files.ts';

/** A hospital that answers on this machine. */
export interface RunningHospital {
  readonly name: string;
  readonly title: string;
  readonly account: AccountId;
  readonly url: string;
  /** Where others reach it; missing: at `url`. */
  readonly publicUrl?: string | undefined;
}

const addressFile = z.object({
  url: z.string(),
  hospitals: z.array(
    z.object({
      name: z.string(),
      title: z.string(),
      account: accountIdText,
      url: z.string(),
      publicUrl: z.optional(z.string()),
    }),
  ),
});

/** The hospitals of the consortium that runs on this home, as it wrote them down; none: it does not run. */
export function localHospitals(home: string): readonly RunningHospital[] {
  return readAddress(home)?.hospitals ?? [];
}

/** Where the consortium of this home answers now; undefined: it does not run. */
export function localUrl(home: string): string | undefined {
  return readAddress(home)?.url;
}

/** Where people on this machine find the hospitals as long as the consortium runs; returns what takes it away. */
export function writeAddress(
  home: string,
  address: { readonly url: string; readonly hospitals: readonly RunningHospital[] },
): () => void {
  const path = addressPath(home);
  writeWhole(path, utf8(`${JSON.stringify(address, undefined, 2)}\n`), 0o644);
  return () => rmSync(path, { force: true });
}

const addressPath = (home: string): string => join(home, 'servers', 'address.json');

function readAddress(home: string): z.infer<typeof addressFile> | undefined {
  try {
    const text = readFileSync(addressPath(home), 'utf8');
    return addressFile.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
