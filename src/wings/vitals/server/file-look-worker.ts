import { parentPort, workerData } from 'node:worker_threads';
import { giveWay } from '../../../engines/threads/priority.ts';
import { lookAtFile } from '../node/stores/sqlite/sqlite-file-look.ts';

/** The thread of file-looks.ts: one look at one file. */

giveWay();
parentPort?.postMessage(lookAtFile(String(workerData)));
