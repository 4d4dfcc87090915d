import { type Part } from './processes.ts';
export interface HospitalPlace {
  readonly name: string;
  readonly home: string;
  /** Where what its processes say is written: not on its disk, which may be full. */
  readonly log: string;
  readonly gatewayPort: number;
  /** In the network between nodes. */
  readonly number: number;
}
/** One hospital: its gateway, which is begun again whenever it ends, as a unit of systemd is, and what that begins. */
export declare class Hospital {
  #private;
  readonly name: string;
  readonly home: string;
  readonly log: string;
  readonly number: number;
  /** Times that it ended or did not come up by itself, with what it said: nobody had done anything to the gateway. */
  readonly ends: string[];
  constructor({ name, home, log, gatewayPort, number }: HospitalPlace);
  get servers(): string;
  get nodeHome(): string;
  /** Undefined: nobody answers there. */
  get url(): string | undefined;
  get isReady(): boolean;
  /** Begins it, and begins it again until `down`. */
  up(): void;
  ready(boundMs?: number): Promise<void>;
  /** Nothing of it runs any more when this resolves. */
  down(how: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  pids(part: Part): number[];
  signal(parts: readonly Part[], name: NodeJS.Signals): void;
  /** What its node and the application have committed; undefined: no answer in time. */
  height(boundMs?: number): Promise<number | undefined>;
  /** Addresses of those who order the next block, as its node says. Throws NODE_SILENT. */
  validators(): Promise<string[]>;
}
