/**
 * The network between the machines of a consortium, in this process: for each of them and each other one a TCP proxy of its
 * own, at which the one finds the other. It needs no rights, and so works on every machine; what it holds back arrives when
 * it is healed, as what TCP sends again does, or never, where the connection is cut.
 */
export declare class Mesh {
  #private;
  /** A machine that listens at this address; its number is the next one. */
  add(address: string): number;
  /** A new address at which `from` finds `to`. */
  link(from: number, to: number): Promise<string>;
  /** Nothing goes this way any more. */
  hold(from: number, to: number): void;
  /** Nothing goes either way; `cut`: and their connections end. */
  part(one: number, other: number, cut: boolean): void;
  slow(from: number, to: number, delayMs: number, bytesPerSecond: number): void;
  heal(): void;
  close(): void;
}
