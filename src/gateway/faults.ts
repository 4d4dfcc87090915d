/**
 * The writes of a gateway's file at whose steps a crash test stops the process: `begin` (nothing written),
 * `commit` (written, not durable), `done` (durable, nobody told).
 */
export const gatewayWrites = [
  'batch',
  'claims',
  'erase',
  'inbox',
  'index',
  'invitation',
  'items',
  'look',
  'nonce',
  'refusal',
  'wallet',
] as const;

export type GatewayWrite = (typeof gatewayWrites)[number];
export type FaultPoint = (name: `${GatewayWrite}:${'begin' | 'commit' | 'done'}`) => void;

const sqliteFull = 13;
/** The shared-memory file of the WAL could not grow: what a full disk looks like to SQLite there. */
const sqliteIoErrShmSize = 4874;

export function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error) || !('errcode' in error)) return false;
  return error.errcode === sqliteFull || error.errcode === sqliteIoErrShmSize;
}
