import { Worker } from 'node:worker_threads';
import type { ClientTask } from './client-thread.ts';

/**
 * Starts a thread of clients and waits until they are connected and at it.
 * @param yields whether it leaves the processor to whoever wants it, as clients on other machines do; on Linux
 */
export async function startClients(url: string, task: ClientTask, yields = false): Promise<Worker> {
  const thread = new Worker(new URL('client-thread.ts', import.meta.url), { workerData: { url, task, yields } });
  await new Promise((resolve, reject) => {
    thread.once('message', resolve);
    thread.once('error', reject);
  });
  return thread;
}
