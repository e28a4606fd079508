/** SHA-256 of some bytes, 32 bytes long. The input must not change before this settles. */
export type Sha256 = (bytes: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>;

/** The platform's: it works on another thread, in Node and in browsers. */
export const platformSha256: Sha256 = async (bytes) =>
  new Uint8Array(await globalThis.crypto.subtle.digest('SHA-256', bytes));

export const SHA256_BYTES = 32;
