import { Hospital } from './hospital.ts';
import { Mesh } from './mesh.ts';
/** The hospitals of a run, each with a home and processes of its own, and the network between their nodes. */
export interface Consortium {
  readonly folder: string;
  readonly mesh: Mesh;
  readonly hospitals: readonly Hospital[];
  /** The home of a hospital on a small file system of its own; undefined with the reason: there is none. */
  readonly smallDisk: SmallDisk;
}
export interface SmallDisk {
  readonly hospital: Hospital | undefined;
  readonly reason: string | undefined;
  readonly path: string;
}
/** Founds them in a folder; nothing runs yet. */
export declare function foundMembers(folder: string, count: number): Promise<Consortium>;
/** What this machine's operator may write there: where the peers are, and more patience than a starved machine needs. */
export declare function setConfig(home: string, change: (config: string) => string): void;
/** Each address that the map knows, by another. */
export declare function withPeersAt(config: string, seen: ReadonlyMap<string, string>): string;
export declare function freePorts(count: number): Promise<readonly number[]>;
/** The file system of that home has so many bytes to give from now on; undefined: as many as at first. */
export declare function resizeDisk({ path }: SmallDisk, bytes: number | undefined): void;
/** `keeps`: what lies there is put in its place. */
export declare function unmount({ path, reason }: SmallDisk, keeps: boolean): void;
