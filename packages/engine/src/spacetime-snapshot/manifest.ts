import { ByteReader, Identity, SatsError, bytesToHex } from '@lightcone/sats';
import { blake3 } from '@noble/hashes/blake3.js';
import { invalidSnapshot } from './invalid-snapshot.ts';

/** What a snapshot of SpacetimeDB consists of. Hashes are BLAKE3, in hex. */
export interface SpacetimeSnapshotManifest {
  /** 64 hex digits. */
  readonly databaseIdentity: string;
  readonly replica: bigint;
  /** The last transaction that is in it. */
  readonly txOffset: number;
  readonly blobs: readonly string[];
  readonly tables: readonly { readonly id: number; readonly pages: readonly string[] }[];
}

const HASH_BYTES = 32;
const MAGIC = '7478797a'; // txyz
const VERSION = 0;
const ABI_MAJOR = 7;
/** Stands for a page that is not there. */
const NO_PAGE = '0'.repeat(2 * HASH_BYTES);

/**
 * Decodes the file `<tx offset>.snapshot_bsatn`: a bare hash of the rest, and behind it the BSATN of a product. Its
 * arrays of a fixed length have that length before them.
 *
 * @throws EngineError `ENGINE_INVALID_SNAPSHOT`
 */
export function readManifest(file: Uint8Array): SpacetimeSnapshotManifest {
  const content = file.subarray(HASH_BYTES);
  if (file.length < HASH_BYTES || bytesToHex(blake3(content)) !== bytesToHex(file.subarray(0, HASH_BYTES))) {
    throw invalidSnapshot('its manifest is not what the hash at its head says');
  }
  const reader = new ByteReader(content);
  try {
    const magic = bytesToHex(reader.lengthPrefixed());
    if (magic !== MAGIC) throw invalidSnapshot(`its manifest begins with ${magic} instead of ${MAGIC}`);
    const version = reader.u8();
    if (version !== VERSION) throw invalidSnapshot(`its format has version ${version}; version ${VERSION} is known`);
    const databaseIdentity = Identity.fromBytes(reader.raw(Identity.BYTES)).toHex();
    const replica = reader.u64();
    const abi = Array.from({ length: count(reader, 2) }, () => reader.u16());
    if (abi[0] !== ABI_MAJOR) throw invalidSnapshot(`it is of module ABI ${abi.join('.')}; ${ABI_MAJOR}.0 is known`);
    const txOffset = Number(reader.u64());
    const blobs = Array.from({ length: count(reader, HASH_BYTES) }, () => {
      const hash = readHash(reader);
      reader.u32(); // how often it is used
      return hash;
    });
    const tables = Array.from({ length: count(reader, 8) }, () => ({
      id: reader.u32(),
      pages: Array.from({ length: count(reader, HASH_BYTES) }, () => readHash(reader)).filter(
        (hash) => hash !== NO_PAGE,
      ),
    }));
    if (reader.remaining > 0) throw invalidSnapshot(`its manifest has ${reader.remaining} bytes too many`);
    return { databaseIdentity, replica, txOffset, blobs, tables };
  } catch (error) {
    if (!(error instanceof SatsError)) throw error;
    throw invalidSnapshot(`its manifest does not decode: ${error.message}`);
  }
}

function readHash(reader: ByteReader): string {
  const hash = reader.lengthPrefixed();
  if (hash.length !== HASH_BYTES) throw invalidSnapshot(`a hash in its manifest has ${hash.length} bytes`);
  return bytesToHex(hash);
}

/** A count of things of `bytes` or more: no memory is taken for those that cannot be there. */
function count(reader: ByteReader, bytes: number): number {
  const value = reader.u32();
  if (value * bytes > reader.remaining) throw invalidSnapshot(`its manifest is cut off: ${value} entries have no room`);
  return value;
}
