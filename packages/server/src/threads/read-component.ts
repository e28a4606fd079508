import { parentPort, workerData } from 'node:worker_threads';
import { readComponent } from '@lightcone/engine/inspect';

/* Reads one component, says what it is, and ends. */

parentPort?.postMessage(await readComponent(workerData as Uint8Array));
