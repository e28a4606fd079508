import type { HttpExchange, HttpHeader } from '@lightcone/host';

/** An HTTP request of a module to somewhere else. */
export interface OutgoingRequest {
  /** `GET`, `POST` …, or another token. */
  readonly method: string;
  readonly url: string;
  readonly headers: readonly HttpHeader[];
  readonly body: Uint8Array;
  /** For the whole exchange, redirects and body included; 0 fails at once. */
  readonly timeoutMs: number;
}

/**
 * The network of a module, passed in: the engine has none. It decides which places a module may reach,
 * and asks again at each redirect.
 */
export interface OutgoingHttp {
  /**
   * Resolves with the answer, whatever its status; names of its headers in lower case.
   * @param signal aborts the exchange; the promise then rejects soon, with whatever error
   * @throws OutgoingHttpError, whose message the module gets
   */
  send(request: OutgoingRequest, signal: AbortSignal): Promise<HttpExchange>;
}

/** A request that got no answer. The message holds nothing of the URL's query: it may be logged. */
export class OutgoingHttpError extends Error {
  override readonly name = 'OutgoingHttpError';
  readonly reason: 'invalid' | 'refused' | 'timeout' | 'failed';
  constructor(reason: OutgoingHttpError['reason'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

const DEFAULT_TIMEOUT_MS = 30_000;
const MAX_TIMEOUT_MS = 180_000;

/** How long a request may take that asks for this: longer is cut, negative is nothing. */
export function requestTimeoutMs(askedMicros: bigint | undefined): number {
  if (askedMicros === undefined) return DEFAULT_TIMEOUT_MS;
  if (askedMicros <= 0n) return 0;
  const askedMs = Number(askedMicros) / 1000;
  return Math.min(Math.ceil(askedMs), MAX_TIMEOUT_MS);
}
