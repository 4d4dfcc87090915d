import { lockLedger } from '../../src/engines/embedded/lock.ts';

// Run as a process of its own: locks the ledger in the folder it is given, says so, and waits to be killed.
const lock = lockLedger(process.argv[2] ?? '');
process.stdout.write('locked\n');
// The timer refers to the lock: a database handle that nobody refers to is closed.
setInterval(() => lock, 60_000);
