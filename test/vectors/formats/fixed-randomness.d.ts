export declare function withFixedRandomness<Result>(name: string, work: () => Promise<Result>): Promise<{
    readonly result: Result;
    readonly drawn: readonly Uint8Array[];
}>;
