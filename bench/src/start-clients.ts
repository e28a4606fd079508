import { Worker } from 'node:worker_threads';
import type { ClientTask } from './client-thread.ts';

/** Starts a thread of clients and waits until they are connected and at it. */
export async function startClients(url: string, task: ClientTask): Promise<Worker> {
  const thread = new Worker(new URL('client-thread.ts', import.meta.url), { workerData: { url, task } });
  await new Promise((resolve, reject) => {
    thread.once('message', resolve);
    thread.once('error', reject);
  });
  return thread;
}
