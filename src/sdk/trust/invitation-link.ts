import { type Role, roles } from '../../ledger/roles.ts';
import { CodedError } from '../../primitives/errors.ts';

/** What a desk's sheet says, for a machine to read. */
export interface InvitationLink {
  readonly gatewayUrl: string;
  readonly role: Role;
  /** SHA-256 of the genesis, hex. */
  readonly genesisHash: string;
  /** The one-time code. */
  readonly code: string;
}

/**
 * The link in the QR code of a sheet. It holds the one-time code, so it is as good as that.
 * Source: docs/protocol/http.md, rule H-20.
 */
export function formatInvitationLink({
  gatewayUrl,
  role,
  genesisHash,
  code,
}: InvitationLink): string {
  const fields = new URLSearchParams({ at: gatewayUrl, role, trust: genesisHash, code });
  return `salus:enrol?${fields}`;
}

/**
 * What somebody typed, scanned or kept in a file: the whole link, or the code alone. Throws INVITATION_INVALID for
 * what is neither.
 */
export function readInvitation(text: string): Partial<InvitationLink> & { readonly code: string } {
  const said = text.trim();
  if (/^[A-Za-z0-9_-]{8,64}$/.test(said)) return { code: said };
  const [, query] = /^salus:enrol\?([\x21-\x7e]{1,2048})$/.exec(said) ?? [];
  const fields = new URLSearchParams(query);
  const [gatewayUrl = '', genesisHash = '', code = ''] = ['at', 'trust', 'code'].map(
    (name) => fields.get(name) ?? '',
  );
  const role = roles.find((it) => it === fields.get('role'));
  const isLink =
    role !== undefined &&
    /^https?:\/\/[\x21-\x7e]+$/.test(gatewayUrl) &&
    /^[0-9a-f]{64}$/.test(genesisHash) &&
    /^[A-Za-z0-9_-]{8,64}$/.test(code);
  if (!isLink) throw new CodedError('INVITATION_INVALID');
  return { gatewayUrl, role, genesisHash, code };
}
