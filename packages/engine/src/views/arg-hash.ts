import { blake3 } from '@noble/hashes/blake3.js';

const DOMAIN = new TextEncoder().encode('spacetimedb::view::args::v1\0');

/**
 * Says in the first column of a view's rows whose they are: BLAKE3 of the domain and the BSATN of the
 * arguments, which are the caller's identity for a view per caller and nothing for an anonymous one.
 * 32 bytes, stored as they are.
 */
export function argHash(args: Uint8Array): Uint8Array {
  const input = new Uint8Array(DOMAIN.length + args.length);
  input.set(DOMAIN);
  input.set(args, DOMAIN.length);
  return blake3(input);
}
