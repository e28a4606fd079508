/** The WebSocket subprotocols that are spoken, the server's preference first. */
export const SUBPROTOCOLS = [
  'v3.bsatn.spacetimedb',
  'v2.bsatn.spacetimedb',
  'v1.bsatn.spacetimedb',
  'v1.json.spacetimedb',
] as const;
export type Subprotocol = (typeof SUBPROTOCOLS)[number];

/** The first byte of every binary server frame: how the rest is compressed. Text frames have none. */
export const COMPRESSION_TAGS = { None: 0, Brotli: 1, Gzip: 2 } as const;
export type Compression = keyof typeof COMPRESSION_TAGS;

/** A payload longer than this is compressed, if the client did not ask for `None`. */
export const COMPRESSION_THRESHOLD_BYTES = 1024;

/** Messages of one v3 frame stop before they pass this size uncompressed; a larger one goes alone. */
export const MAX_BATCH_BYTES: number = 512 * 1024;
