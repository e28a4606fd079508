import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { crc32c } from '../../commitlog/src/crc32c.ts';
import { seekableZstd } from '../../commitlog/test/seekable-zstd-builder.ts';
import type { BuiltSnapshot } from '../../engine/test/support/spacetime-snapshot-builder.ts';

/*
 * Data directories as SpacetimeDB 2.8.3 leaves them. CRAFTED from the specification (file 33 §1 to §6, files 23 §6 and 34),
 * not recorded: no whole directory of the reference is at hand. What is recorded are single commits,
 * `commitlog/vectors/commitlog.json`.
 */

/** A commit: the records of some transactions, one behind the other. */
export interface Commit {
  readonly minTxOffset: number;
  readonly count: number;
  readonly records: Uint8Array;
}

/** How a segment is written. */
export type SegmentForm = 'version 0' | 'version 1' | 'compressed';

/** The commits of a log of ours. */
export async function commitsOf(clog: string): Promise<Commit[]> {
  const commits: Commit[] = [];
  for (const name of (await readdir(clog)).filter((file) => file.endsWith('.log')).toSorted()) {
    const bytes = await readFile(join(clog, name));
    for (let at = 10; at < bytes.length;) {
      const length = bytes.readUInt32LE(at + 18);
      commits.push({
        minTxOffset: Number(bytes.readBigUInt64LE(at)),
        count: bytes.readUInt16LE(at + 16),
        records: bytes.subarray(at + 22, at + 22 + length),
      });
      at += 26 + length;
    }
  }
  return commits;
}

function encodeCommit({ minTxOffset, count, records }: Commit, version: 0 | 1): Buffer {
  const header = Buffer.alloc(version === 0 ? 14 : 22);
  header.writeBigUInt64LE(BigInt(minTxOffset), 0);
  header.writeUInt16LE(count, header.length - 6);
  header.writeUInt32LE(records.length, header.length - 4);
  const body = Buffer.concat([header, records]);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32LE(crc32c(new DataView(body.buffer, body.byteOffset), 0, body.length), 0);
  return Buffer.concat([body, checksum]);
}

/** A segment's file. */
export function encodeSegment(commits: readonly Commit[], form: SegmentForm): Buffer {
  const version = form === 'version 0' ? 0 : 1;
  const header = Buffer.from('286473295e3201000000', 'hex');
  header[6] = version;
  const content = Buffer.concat([header, ...commits.map((commit) => encodeCommit(commit, version))]);
  return form === 'compressed' ? seekableZstd(content) : content;
}

export interface SourceReplica {
  readonly replica: number;
  readonly segments: readonly { readonly commits: readonly Commit[]; readonly form: SegmentForm }[];
}

/** Writes a data directory with what SpacetimeDB has in one, as far as it is known. */
export async function writeSpacetimeDirectory(path: string, replicas: readonly SourceReplica[]): Promise<void> {
  await mkdir(path, { recursive: true });
  await writeFile(join(path, 'metadata.toml'), 'version = "2.8.3"\nedition = "standalone"\n');
  await writeFile(
    join(path, 'config.toml'),
    '[websocket]\nping-interval = "20s"\n\n[logs]\nlevel = "error"\ndirectives = ["spacetimedb=info"]\n\n' +
      '[commitlog]\nlog-format-version = 1\nmax-segment-size = 1073741824\npreallocate-segments = false\n\n' +
      '[v8-heap-policy]\nheap-check-time-interval = "5s"\n',
  );
  for (const folder of ['control-db', 'program-bytes', 'logs', 'cache/wasmtime'])
    await mkdir(join(path, folder), { recursive: true });
  // Whatever is in it: its format is nobody's to rely on.
  await writeFile(join(path, 'control-db', 'db'), Buffer.alloc(4096, 0xdb));
  await writeFile(join(path, 'logs', 'spacetime-standalone.log'), 'INFO started\n');
  for (const { replica, segments } of replicas) {
    const folder = join(path, 'replicas', String(replica));
    await mkdir(join(folder, 'clog'), { recursive: true });
    await mkdir(join(folder, 'module_logs'));
    // Left behind by a stop right after the first publish: no manifest, and a lock.
    await mkdir(join(folder, 'snapshots', `${offsetName(0)}.snapshot_dir`), { recursive: true });
    await writeFile(join(folder, 'snapshots', `${offsetName(0)}.lock`), '');
    await writeFile(join(folder, 'db.lock'), '');
    await writeFile(join(folder, 'module_logs', '2026-11-20.log'), '{"level":"Info","message":"hello"}\n');
    for (const { commits, form } of segments) {
      const name = join(folder, 'clog', offsetName(commits[0]?.minTxOffset ?? 0));
      await writeFile(`${name}.stdb.log`, encodeSegment(commits, form));
      await writeFile(`${name}.stdb.ofs`, Buffer.alloc(4096));
    }
  }
}

export function offsetName(txOffset: number): string {
  return String(txOffset).padStart(20, '0');
}

/** Writes a snapshot into a replica's folder; compressed as SpacetimeDB does with all but the newest. */
export async function writeSpacetimeSnapshot(
  replica: string,
  txOffset: number,
  { manifest, objects }: BuiltSnapshot,
  isCompressed: boolean,
): Promise<string> {
  const folder = join(replica, 'snapshots', `${offsetName(txOffset)}.snapshot_dir`);
  await mkdir(folder, { recursive: true });
  const pack = (bytes: Uint8Array): Uint8Array => (isCompressed ? zstdCompressSync(bytes) : bytes);
  for (const [hash, bytes] of objects) {
    const path = join(folder, 'objects', hash.slice(0, 2));
    await mkdir(path, { recursive: true });
    // One frame or the seekable format: it is not settled which, so both are read.
    await writeFile(join(path, hash.slice(2)), isCompressed && hash > '8' ? seekableZstd(bytes) : pack(bytes));
  }
  await writeFile(join(folder, `${offsetName(txOffset)}.snapshot_bsatn`), pack(manifest));
  return folder;
}
