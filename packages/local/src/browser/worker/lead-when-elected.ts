import { leaderLock } from '../messages.ts';
import { Leader } from './leader.ts';
import type { Opened } from './leader.ts';

/**
 * Waits until no other worker has the database, then has it until `signal` aborts. Of the workers of all tabs, one is the
 * leader at a time; the browser frees the lock however a tab ends.
 *
 * @param onLeading work of the application beside the database, such as its sync; what it returns is called at the end
 * @throws what `open` or `onLeading` throws. The database is given up then: another tab, which may be of a newer version
 *   of the application, can have it
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
      const opened = await open();
      const leader = new Leader(database, opened);
      try {
        const stop = onLeading(opened, (what) => leader.tell(what));
        leader.introduce();
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
