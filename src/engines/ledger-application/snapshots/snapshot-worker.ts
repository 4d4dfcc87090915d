import { parentPort, workerData } from 'node:worker_threads';
import { giveWay } from '../../threads/priority.ts';
import { type SnapshotOrder, writeSnapshot } from './write-snapshot.ts';

/** The thread of snapshots.ts: writes one snapshot, says when the file may change again, and ends. */
giveWay();
writeSnapshot(workerData as SnapshotOrder, () => parentPort?.postMessage('begun'));
