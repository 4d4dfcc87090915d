// A hospital's node and application without its gateway: `node validator.ts '{"home": ..., "lies": true, "seed": 1}'`.
// A liar executes and votes as everybody does, and proposes what no correct proposer puts together. Ends on SIGTERM.
import type { Answer } from '../../src/engines/cometbft/abci/server.ts';
import { startValidator } from '../../src/server/comet/process.ts';
import { Random } from '../crash/random.ts';
import { lying } from './lies.ts';

interface ValidatorOrder {
  readonly home: string;
  readonly lies: boolean;
  readonly seed: number;
}

const { home, lies, seed } = JSON.parse(process.argv[2] ?? '{}') as ValidatorOrder;
const random = new Random(seed);
const around = (honest: Answer): Answer => (lies ? lying(honest, random) : honest);
const running = await startValidator({ home }, around);
process.stdout.write('ready\n');
process.once('SIGTERM', () => void running.close().then(() => process.exit(0)));
