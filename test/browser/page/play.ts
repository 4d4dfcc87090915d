import type { RecordId } from '../../../src/primitives/ids.ts';
import type { AddedFile } from '../../../src/sdk/browser/index.ts';
import {
  checkReceipt,
  indexedDbItemStore,
  indexedDbWalletNames,
  indexedDbWalletStore,
  keptLines,
  openKept,
} from '../../../src/sdk/browser/index.ts';
import { itemStoreRules as storeRules } from '../../../src/sdk/kept/item-store.contract.ts';
import { base64ToBytes, bytesToBase64 } from '../../../src/sdk/records/base64.ts';
import type { Scenes } from '../scenes.ts';
import { kept } from './kept.ts';
import {
  chosenFile,
  codeOf,
  enrol,
  fetchBytes,
  isEqual,
  openWallet,
  personOf,
  withoutNetwork,
} from './people.ts';
import { vectors } from './vectors.ts';

const hour = 3_600_000;
const none = new Uint8Array(0);

const open: Scenes['open'] = async ({ wallet, passphrase: given }) => {
  const wallets = [...(await indexedDbWalletNames())];
  const refused = await codeOf(openWallet(wallet, given));
  if (refused !== undefined) return { refused, wallets };
  return { account: personOf(wallet).account().account, wallets };
};

const countUp: Scenes['countUp'] = async ({ wallet, times }) => {
  const store = indexedDbWalletStore(wallet);
  let count = 0;
  const once = async (): Promise<void> => {
    count = ((await store.load())?.[0] ?? 0) + 1;
    await store.save({ file: Uint8Array.of(count), shards: new Map(), keeps: [] });
  };
  for (let i = 0; i < times; i++) await (store.locked ? store.locked(once) : once());
  return count;
};

const importFile: Scenes['importFile'] = async ({ wallet, url }) => {
  const person = personOf(wallet);
  const bytes = await fetchBytes(url);
  const added = await person.addFile(chosenFile(nameOf(url), bytes));
  const exported = await person.exportImport(idOf(added));
  const verdict = await checkReceipt(added.receipt ?? none, person.trustRootJson());
  return {
    items: added.items.length,
    bytes: bytes.length,
    exportEquals: isEqual(exported.bytes, bytes),
    heightOfReceipt: verdict.height,
    height: added.height ?? 0,
  };
};

function idOf({ importId }: AddedFile): RecordId {
  if (importId === undefined) throw new Error('the file holds no record');
  return importId;
}

const nameOf = (url: string): string => url.slice(url.lastIndexOf('/') + 1);

const exportAgain: Scenes['exportAgain'] = async ({ wallet, url }) => {
  const person = personOf(wallet);
  const held = person.imports.find((it) => it.fileName === nameOf(url));
  if (held === undefined) return false;
  const { bytes } = await person.exportImport(held.skeleton);
  return isEqual(bytes, await fetchBytes(url));
};

const grantAndRead: Scenes['grantAndRead'] = async ({ patient, doctor, classes }) => {
  const [owner, reader] = [personOf(patient), personOf(doctor)];
  await owner.addCard(reader.card(), { nickname: doctor });
  const { consent } = await owner.grant({
    grantee: doctor,
    readClasses: classes,
    writeClasses: [],
    purposes: ['TREAT'],
    notAfterMs: Date.now() + hour,
  });
  const received = (await reader.inbox()).find((it) => it.consent === consent);
  const { records } = await reader.readShared(consent);
  const own = (await owner.listRecords()).filter((it) =>
    classes.some((one) => one === it.recordClass),
  );
  const [record] = records;
  const mine = record === undefined ? undefined : await owner.openRecord(record.row.recordId);
  return {
    consent,
    state: received?.state ?? 'none',
    patientName: received?.patientName ?? '',
    read: records.length,
    owned: own.length,
    equal: record !== undefined && mine !== undefined && isEqual(record.bytes, mine.bytes),
    classes: [...new Set(records.map((it) => it.row.recordClass))].sort(),
  };
};

const itemStoreRules: Scenes['itemStoreRules'] = async () => {
  // A place of its own each time: what lies in a browser stays.
  const visit = crypto.randomUUID();
  const broken: string[] = [];
  for (const [rule, holds] of storeRules) {
    const told = await holds((wallet) => indexedDbItemStore(`${visit} ${wallet}`)).then(
      () => undefined,
      (error: unknown) => String(error),
    );
    if (told !== undefined) broken.push(`${rule}: ${told}`);
  }
  return broken;
};

const offline: Scenes['offline'] = async ({ wallet }) => {
  const person = await withoutNetwork(wallet);
  const lines = await person.run(keptLines, undefined);
  let opened = 0;
  for (const { recordId } of lines) {
    const { bytes } = await person.run(openKept, { recordId });
    if (bytes.length > 0) opened += 1;
  }
  return { kept: lines.length, opened, online: await codeOf(person.listRecords()) };
};

const revoke: Scenes['revoke'] = async ({ patient, doctor, consent }) => {
  const owner = personOf(patient);
  const grants = await owner.grants();
  const grant = grants.find((it) => it.consent === consent);
  if (grant === undefined) return { refused: undefined, state: 'none' };
  await owner.revoke(grant.consent);
  const refused = await codeOf(personOf(doctor).readShared(grant.consent));
  const after = (await owner.grants()).find((it) => it.consent === consent);
  return { refused, state: after?.state ?? 'none' };
};

const looked: Scenes['looked'] = async ({ wallet }) => {
  const person = personOf(wallet);
  const { notices, withheld } = await person.looked();
  let receiptsChecked = 0;
  const readers: string[] = [];
  for (const notice of notices) {
    if (notice.kind === 'look') readers.push(notice.reader);
    if (notice.kind === 'doubtful' || notice.txId === undefined) continue;
    const receipt = await person.receiptOfNotice(notice);
    const { claim } = await checkReceipt(receipt, person.trustRootJson());
    if (claim !== undefined) receiptsChecked += 1;
  }
  const kinds = notices.map((it) => ('code' in it ? `${it.kind} ${it.code}` : it.kind));
  return { kinds, readers, withheld: withheld.length, receiptsChecked };
};

const checkReceipts: Scenes['checkReceipts'] = async ({ wallet }) => {
  const person = personOf(wallet);
  const added = await person.addFile(chosenFile('note.txt', new TextEncoder().encode('A note.')));
  const receipt = added.receipt ?? none;
  const root = person.trustRootJson();
  const { vouchedBy } = await checkReceipt(receipt, root);
  const changed = receipt.slice();
  const middle = changed.length >> 1;
  changed[middle] = (changed[middle] ?? 0) ^ 1;
  const otherRoot = JSON.stringify({ ...JSON.parse(root), chain: 'salus-other-1' });
  return {
    vouchedBy,
    changed: await codeOf(checkReceipt(changed, root)),
    otherLedger: await codeOf(checkReceipt(receipt, otherRoot)),
  };
};

const largeFile: Scenes['largeFile'] = async ({ wallet, bytes: length }) => {
  const person = personOf(wallet);
  const bytes = Uint8Array.from({ length }, (_, i) => (i * 7) % 251);
  const added = await person.addFile(chosenFile('scan.bin', bytes));
  return isEqual((await person.exportImport(idOf(added))).bytes, bytes);
};

const hearBlock: Scenes['hearBlock'] = async ({ wallet }) => {
  const person = personOf(wallet);
  const stop = new AbortController();
  const { height } = await person.sync();
  const heard = (async () => {
    for await (const event of person.watch({ signal: stop.signal, since: height })) {
      if (event.height > height) return event.height;
    }
    return 0;
  })();
  const added = await person.addFile(chosenFile('heard.txt', new Uint8Array([1, 2, 3, 4])));
  const first = await heard;
  stop.abort();
  return first > height && first <= (added.height ?? 0);
};

const evaluate: Scenes['evaluate'] = async () => {
  try {
    // What the policy forbids is the point of this scene.
    return new Function('/* on purpose */ return "ran"')();
  } catch {
    return 'refused';
  }
};

const engine: Scenes['engine'] = async () => {
  const has = async (algorithm: string, usages: KeyUsage[]): Promise<boolean> => {
    try {
      await crypto.subtle.generateKey(algorithm, false, usages);
      return true;
    } catch {
      return false;
    }
  };
  return {
    Ed25519: await has('Ed25519', ['sign', 'verify']),
    X25519: await has('X25519', ['deriveBits']),
    'ML-KEM-768': await has('ML-KEM-768', []),
  };
};

/** Everything a page or a worker can play. */
export const scenes: Scenes = {
  vectors,
  enrol,
  open,
  kept,
  itemStoreRules,
  offline,
  countUp,
  importFile,
  exportAgain,
  grantAndRead,
  revoke,
  looked,
  checkReceipts,
  largeFile,
  hearBlock,
  cardOf: async ({ wallet }) => bytesToBase64(personOf(wallet).card()),
  async addCard({ wallet, card }) {
    await personOf(wallet).addCard(base64ToBytes(card) ?? none);
  },
  cardsOf: async ({ wallet }) => personOf(wallet).cards.map((it) => it.card.name),
  evaluate,
  engine,
};
