import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder, writeWhole } from '../../../server/files.ts';

/** A hospital's signed reports, a file each by its name, apart from what they are about; one that is there stays. Rule VT-3. */
export function keepReportFile(hospital: string, name: string, signed: Uint8Array): void {
  const folder = join(hospital, 'incidents');
  const path = join(folder, `${name}.report`);
  if (existsSync(path)) return;
  makeFolder(folder);
  writeWhole(path, signed);
}
