/** Ports of this machine that nobody listens at now. */
export declare function freePorts(count: number): Promise<number[]>;
