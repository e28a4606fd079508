import { channelName, leaderLock } from '../messages.ts';
import type { LeaderMessage } from '../messages.ts';
import { toSent } from '../sent-error.ts';
import { Leader } from './leader.ts';
import type { Opened } from './leader.ts';

/**
 * Waits until no other worker has the database, then has it until `signal` aborts. Of the workers of all tabs, one is the
 * leader at a time; the browser frees the lock however a tab ends.
 *
 * @param open opens the database; its failure is told to all pages that wait
 * @param onLeading work of the application beside the database, such as its sync; what it returns is called at the end.
 *   If it throws, the database is given up, and the pages are told why
 */
export async function leadWhenElected(
  database: string,
  open: () => Promise<Opened>,
  onLeading: (opened: Opened, tell: (what: unknown) => void) => (() => Promise<void> | void) | void,
  signal: AbortSignal,
): Promise<void> {
  const ended = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  try {
    await navigator.locks.request(leaderLock(database), { signal }, async () => {
      let opened;
      try {
        opened = await open();
      } catch (error) {
        return sayFailed(database, error);
      }
      const leader = new Leader(database, opened);
      let stop;
      try {
        stop = onLeading(opened, (what) => leader.tell(what));
        leader.introduce();
      } catch (error) {
        await leader.close();
        return sayFailed(database, error);
      }
      try {
        await ended;
        await stop?.();
      } finally {
        // Whatever became of that: the next leader cannot open what is open here.
        await leader.close();
      }
    });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function sayFailed(database: string, error: unknown): void {
  const channel = new BroadcastChannel(channelName(database));
  const message: LeaderMessage = { kind: 'failed', error: toSent(error) };
  channel.postMessage(message);
  channel.close();
}
