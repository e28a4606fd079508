import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { BrotliOptions, ZlibOptions } from 'node:zlib';

/** How payloads are compressed, here and there. */
export const BROTLI_OPTIONS: BrotliOptions = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };
export const GZIP_OPTIONS: ZlibOptions = { level: 1 };

/**
 * Of the four threads that Node has for such work so many compress at a time, for all databases: the logs are synced on
 * the others, and as many processors are free for the databases themselves.
 */
const MAX_AT_A_TIME = Math.min(2, Math.max(1, Math.floor(availableParallelism() / 2)));
/** What is compressed comes back in pieces: few enough not to keep the event loop busy, small enough to let others in between. */
const CHUNK_BYTES = 128 * 1024;

const compress = { Brotli: promisify(brotliCompress), Gzip: promisify(gzip) };
const options = {
  Brotli: { ...BROTLI_OPTIONS, chunkSize: CHUNK_BYTES },
  Gzip: { ...GZIP_OPTIONS, chunkSize: CHUNK_BYTES },
};
let running = 0;
const waiting: (() => void)[] = [];

/** Compresses on another thread, when it is this one's turn. @param bytes must not change meanwhile */
export async function compressElsewhere(bytes: Uint8Array, compression: 'Brotli' | 'Gzip'): Promise<Uint8Array> {
  if (running === MAX_AT_A_TIME) await new Promise<void>((resolve) => waiting.push(resolve));
  else running++;
  try {
    return await compress[compression](bytes, options[compression]);
  } finally {
    const next = waiting.shift();
    if (next === undefined) running--;
    else next();
  }
}
