import { Worker } from 'node:worker_threads';
import type { WorkerOptions } from 'node:worker_threads';

/** A file beside this one, from source and built. They are entry points of the bundle too: see `tools/bundle.ts`. */
export type ThreadFile = 'run-database' | 'run-copies' | 'read-component';

/** Starts a thread. @param data what it finds as `workerData` */
export function startThread(file: ThreadFile, data: unknown, options: WorkerOptions): Worker {
  // Run from source or built: a thread's file has the same extension as this one.
  const isSource = import.meta.url.endsWith('.ts');
  return new Worker(new URL(`./${file}${isSource ? '.ts' : '.js'}`, import.meta.url), {
    ...options,
    workerData: data,
    ...(isSource && { execArgv: ['--conditions=lightcone-source'] }),
  });
}
