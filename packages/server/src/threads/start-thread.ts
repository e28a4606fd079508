import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import type { WorkerOptions } from 'node:worker_threads';

/** A file beside this one, from source and built. They are entry points of the bundle too: see `tools/bundle.ts`. */
export type ThreadFile = 'run-database' | 'run-copies' | 'read-component';

/** Starts a thread. @param data what it finds as `workerData` */
export function startThread(file: ThreadFile, data: unknown, options: WorkerOptions): Worker {
  // V8 13.6 may free the code with which modules call the host twice, when two threads compile it, and ends the process
  // (docs/faults.md). It frees none before its module goes, then.
  setFlagsFromString('--no-wasm-code-gc');
  // Run from source or built: a thread's file has the same extension as this one.
  const isSource = import.meta.url.endsWith('.ts');
  return new Worker(new URL(`./${file}${isSource ? '.ts' : '.js'}`, import.meta.url), {
    ...options,
    workerData: data,
    ...(isSource && { execArgv: ['--conditions=lightcone-source'] }),
  });
}
