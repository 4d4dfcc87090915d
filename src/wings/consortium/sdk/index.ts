export type { ConsortiumAnswer } from '../api/routes/consortium-get.ts';
export { consortiumNow } from './consortium-now.ts';
