import type { BlobOwner } from '../storage/blob-store.ts';

const gibibyte = 1024 ** 3;

/**
 * How much one owner may keep at a hospital, in bytes: a person four files of the largest size; what comes into a
 * chart under one grant half of that; what comes under all its grants (`CHART:`) four times as much as its owner.
 */
export const blobQuotas = {
  person: 64 * gibibyte,
  grant: 32 * gibibyte,
  allGrants: 256 * gibibyte,
} as const;

export function blobQuota(owner: BlobOwner): number {
  if (owner.endsWith(':')) return blobQuotas.allGrants;
  return owner.includes(':') ? blobQuotas.grant : blobQuotas.person;
}

/** Large bodies that come for one owner at the same time; another hospital sends each in its writer's name. */
export const largeUploads = 4;
