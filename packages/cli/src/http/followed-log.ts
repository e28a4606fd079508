import { setTimeout as delay } from 'node:timers/promises';
import { CliError } from '../errors.ts';
import type { RequestOptions, ServerClient } from './server-client.ts';
import { readEvents } from './server-sent-events.ts';

/** Before the first try to connect again, and the most; each wait is twice the one before. */
const FIRST_WAIT_MS = 250;
const MAX_WAIT_MS = 4000;
/** How long it is tried. */
const PATIENCE_MS = 5 * 60_000;
/** The server says something every 15 s. */
const MAX_SILENCE_MS = 60_000;

/**
 * The lines of a database's log as they come.
 *
 * When the connection breaks, another one goes on behind the last line that came, with none missing and none twice, as
 * long as the server keeps them. A server that sends no ids, as SpacetimeDB's, is not asked again.
 *
 * @param note is told of what happens beside the lines
 * @throws CliError `CLI_REFUSED`; `CLI_UNREACHABLE` at once if there was no connection yet, else after five minutes
 */
export async function* followLog(
  client: ServerClient,
  path: string,
  options: RequestOptions,
  note: (text: string) => void,
): AsyncGenerator<string, void> {
  let lastEventId: string | undefined;
  let isConnected = false;
  let lostAtMs: number | undefined;
  let waitMs = FIRST_WAIT_MS;
  const isAborted = (): boolean => options.signal?.aborted === true;
  const accept = 'text/event-stream, application/x-ndjson';
  for (;;) {
    try {
      const { contentType, lines } = await client.openLines(path, {
        ...options,
        headers: { accept, ...(lastEventId !== undefined && { 'last-event-id': lastEventId }) },
        maxSilenceMs: MAX_SILENCE_MS,
      });
      if (!contentType.startsWith('text/event-stream')) {
        yield* lines;
        return;
      }
      isConnected = true;
      if (lostAtMs !== undefined) note('Connected again.');
      lostAtMs = undefined;
      waitMs = FIRST_WAIT_MS;
      for await (const { type, data, id } of readEvents(lines)) {
        if (id !== undefined) lastEventId = id;
        if (type === 'message') yield data;
        else if (type === 'gap') note('Some lines before this one are not kept any more.');
      }
      if (isAborted()) return;
      lostAtMs = performance.now();
      note(`${client.server.name} ended the log; trying again.`);
    } catch (error) {
      if (isAborted()) return;
      const isLost = error instanceof CliError && error.code === 'CLI_UNREACHABLE' && isConnected;
      if (!isLost || performance.now() - (lostAtMs ?? Infinity) > PATIENCE_MS) throw error;
      if (lostAtMs === undefined) note(`${error.message}; trying again.`);
      lostAtMs ??= performance.now();
    }
    await delay(waitMs, undefined, { signal: options.signal }).catch(() => {});
    if (isAborted()) return;
    waitMs = Math.min(2 * waitMs, MAX_WAIT_MS);
  }
}
