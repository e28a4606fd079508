const pool = new Uint32Array(1024);
let next = pool.length;

/** 32 bits from the system's generator, fetched 4 KiB at a time. */
export function randomBits(): number {
  if (next === pool.length) {
    crypto.getRandomValues(pool);
    next = 0;
  }
  return pool[next++]!;
}
