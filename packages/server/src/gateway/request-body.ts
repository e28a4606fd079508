import type { IncomingMessage } from 'node:http';
import { HttpError } from './http-error.ts';

/** What is read and thrown away of a body whose answer is known before its end. */
const MAX_DRAINED_BYTES = 1024 * 1024 * 1024;
const MAX_DRAIN_MS = 30_000;

/**
 * Reads a body to its end.
 * @throws HttpError 413 when it is longer than `maxBytes`, once the client has sent all of it
 */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop must not end the socket: the answer goes out on it.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    length += (chunk as Uint8Array).length; // no encoding is set
    if (length > maxBytes) break;
    chunks.push(chunk as Uint8Array);
  }
  if (length > maxBytes) {
    chunks.length = 0;
    await drainBody(request);
    throw new HttpError(413, 'Failed to buffer the request body: length limit exceeded');
  }
  // Bytes of their own: of a pooled buffer, the whole pool would cross to the thread.
  const body = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}

/** Whether more of a request's body is to come. */
export function isSending({ complete, headers }: IncomingMessage): boolean {
  if (complete) return false;
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/**
 * Reads what a client still sends and keeps nothing of it. An answer that ends the connection before that would be
 * lost to clients that read only when they have sent everything: they see a broken pipe. It ends after 1 GiB or 30 s.
 */
export async function drainBody(request: IncomingMessage): Promise<void> {
  if (request.complete || request.destroyed) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  let bytes = 0;
  const count = (chunk: Uint8Array): void => {
    bytes += chunk.length;
    if (bytes > MAX_DRAINED_BYTES) resolve();
  };
  const timer = setTimeout(resolve, MAX_DRAIN_MS);
  request.on('data', count).once('end', resolve).once('close', resolve);
  request.resume();
  await promise;
  clearTimeout(timer);
  request.off('data', count);
}
