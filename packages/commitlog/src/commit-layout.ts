/**
 * Where the fields of a commit are.
 *
 * ```
 * min_tx_offset u64 | epoch u64 | n u16 | len u32 | records, len bytes | crc u32
 * ```
 * Little-endian. The checksum (CRC-32C) covers everything before it. Version 0 has no epoch.
 */
export interface CommitLayout {
  readonly countAt: number;
  readonly lengthAt: number;
  readonly headerBytes: number;
}

export const COMMIT_LAYOUT: CommitLayout = { countAt: 16, lengthAt: 18, headerBytes: 22 };
export const COMMIT_LAYOUT_V0: CommitLayout = { countAt: 8, lengthAt: 10, headerBytes: 14 };

export const EPOCH_AT = 8;
export const CHECKSUM_BYTES = 4;

/** The most records of one commit: what its u16 count can say. */
export const MAX_COMMIT_RECORDS = 0xffff;
