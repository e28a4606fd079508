import type { HttpExchange, HttpFailure, HttpRequest } from '@lightcone/host';
import type { OutgoingHttpMetrics } from '../metrics.ts';
import { type OutgoingHttp, OutgoingHttpError, requestTimeoutMs } from './outgoing-http.ts';

/**
 * Sends a request of a module and counts it. What went wrong is a result, for the module to hear.
 * @param signal ends it early; the promise is then rejected or resolved, and nobody looks
 */
export async function sendHttpRequest(
  network: OutgoingHttp,
  request: HttpRequest,
  body: Uint8Array,
  signal: AbortSignal,
  metrics: OutgoingHttpMetrics,
): Promise<HttpExchange | HttpFailure> {
  const { method, uri, headers, timeoutMicros } = request;
  metrics.started++;
  metrics.inProgress++;
  metrics.requestBytes += body.length;
  try {
    const timeoutMs = requestTimeoutMs(timeoutMicros);
    const exchange = await network.send({ method, url: uri, headers, body, timeoutMs }, signal);
    metrics.succeeded++;
    metrics.responseBytes += exchange.body.length;
    return exchange;
  } catch (error) {
    metrics.failed++;
    if (error instanceof OutgoingHttpError && error.reason === 'timeout') metrics.timedOut++;
    // A program may give its own network, which fails as it likes.
    return { error: error instanceof Error ? error.message : String(error) };
  } finally {
    metrics.inProgress--;
  }
}
