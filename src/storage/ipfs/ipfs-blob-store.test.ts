import { openSwarm } from '../../../test/ipfs/swarm.ts';
import { describeBlobStore, type OpenForTest } from '../blob-store.contract.ts';
import { describeClaims } from '../claims.contract.ts';

// No member is away here: however slow the machine is, each put waits for all of them.
const shares = { uploadsOf: () => 1_000, maxUploads: 1_000, patienceMs: 600_000 };

const alone: OpenForTest = async (t, options) => {
  const { nodes } = await openSwarm(t, 1, { ...options, ...shares });
  const [node] = nodes;
  if (node === undefined) throw new TypeError('no node');
  return node.store;
};

const amongThree: OpenForTest = async (t, options) => {
  const { nodes } = await openSwarm(t, 3, { ...options, ...shares, now: options.now });
  const [node] = nodes;
  if (node === undefined) throw new TypeError('no node');
  return node.store;
};

describeBlobStore('the ipfs store of one member', alone);
describeClaims('the ipfs store of one member', alone);
describeBlobStore('the ipfs store among three members', amongThree);
describeClaims('the ipfs store among three members', amongThree);
