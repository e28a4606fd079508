import { lookup } from 'node:dns/promises';

export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** Finds the addresses of a host. */
export type Resolve = (hostname: string) => Promise<readonly ResolvedAddress[]>;

/**
 * A look-up of the system takes one of the four threads of libuv, which also sync the log, and a slow
 * name server keeps it for many seconds.
 */
const MAX_LOOKUPS = 2;

/** The resolver of the system, asked for few names at a time; the others wait in order. */
export function systemResolver(resolve: Resolve = (hostname) => lookup(hostname, { all: true })): Resolve {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (hostname) => {
    if (running < MAX_LOOKUPS) running++;
    else await new Promise<void>((start) => waiting.push(start));
    try {
      return await resolve(hostname);
    } finally {
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };
}
