import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { createSecureContext, createServer, type TLSSocket } from 'node:tls';
import { CodedError } from '../primitives/errors.ts';

/** PEM files: the certificate with those that lead to its authority, and its private key. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** Certificates of authorities: who calls shows one of theirs, or is not let in. Missing: anybody may call. */
  readonly clients?: string;
}

/** Files are looked at again so often: who renews a certificate puts the new one in the place of the old. */
const renewalMs = 60 * 60_000;
const handshakeMs = 10_000;

/** Throws TLS_INVALID {file}: not readable, no such files, or of different keys. */
export function readTls({ cert, key, clients }: TlsFiles): {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca?: Buffer;
} {
  const read = (file: string): Buffer => {
    try {
      return readFileSync(file);
    } catch (cause) {
      throw new CodedError('TLS_INVALID', { file }, cause);
    }
  };
  const ca = clients === undefined ? {} : { ca: read(clients) };
  const pair = { cert: read(cert), key: read(key), ...ca };
  try {
    createSecureContext(pair);
  } catch {
    // The cause is left out: a parser's message may quote what it read.
    throw new CodedError('TLS_INVALID', { file: cert });
  }
  return pair;
}

export interface TlsFront {
  readonly port: number;
  /** Takes up at once what was renewed. */
  renew(): void;
  close(): Promise<void>;
}

/**
 * Ends TLS before an HTTP server, which sees each connection as one of its own, so its limits hold for all. TLS 1.2 at
 * least; a certificate that is renewed is taken up within the hour. Throws TLS_INVALID, and what listening throws.
 */
export async function openTlsFront(
  server: Server,
  files: TlsFiles,
  at: { readonly port: number; readonly host: string },
): Promise<TlsFront> {
  const front = createServer({
    ...readTls(files),
    minVersion: 'TLSv1.2',
    handshakeTimeout: handshakeMs,
    ALPNProtocols: ['http/1.1'],
    ...(files.clients !== undefined && { requestCert: true, rejectUnauthorized: true }),
  });
  front.on('secureConnection', (socket: TLSSocket) => server.emit('connection', socket));
  // A client that speaks no TLS, or leaves, is nothing to tell of.
  front.on('tlsClientError', (_error, socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    front.once('error', reject);
    front.listen(at.port, at.host, resolve);
  });
  const renewal = setInterval(() => renew(front, files), renewalMs);
  renewal.unref();
  const address = front.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : at.port,
    renew: () => renew(front, files),
    close: () => {
      clearInterval(renewal);
      return new Promise((resolve) => {
        front.close(() => resolve());
      });
    },
  };
}

/** A pair that is half renewed does not fit: the old one serves until it does. */
function renew(front: ReturnType<typeof createServer>, files: TlsFiles): void {
  try {
    front.setSecureContext(readTls(files));
  } catch {
    return;
  }
}
