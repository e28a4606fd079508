import { readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FolderBlobStore } from '@lightcone/blobs/node';
import { SnapshotStore, decompressWhole } from '@lightcone/commitlog';
import { NodeFileSystem } from '@lightcone/commitlog/node';
import { type SpacetimeSnapshotFiles, convertSpacetimeSnapshot } from '@lightcone/engine/import';
import type { ImportFinding } from './import-report.ts';

const { decompressZstd } = new NodeFileSystem();

/**
 * Converts the newest snapshot of a replica of SpacetimeDB that is good, of those that `isOfUse`, into one of ours in
 * `target`. Those that are damaged are told and passed over.
 *
 * @returns where it is; undefined if there is none
 */
export async function convertNewestSnapshot(
  source: string,
  path: string,
  target: string,
  isOfUse: (txOffset: number) => boolean,
  findings: ImportFinding[],
): Promise<SnapshotStore | undefined> {
  const folder = join(source, path, 'snapshots');
  const names = await readdir(folder).catch((): string[] => []);
  const offsets = names
    .flatMap((name) => /^(\d{20})\.snapshot_dir$/u.exec(name)?.[1] ?? [])
    // What a lock is beside was not finished.
    .filter((offset) => !names.includes(`${offset}.lock`) && isOfUse(Number(offset)))
    .toSorted()
    .toReversed();
  for (const offset of offsets) {
    const snapshot = join(folder, `${offset}.snapshot_dir`);
    const manifest = await readWhole(join(snapshot, `${offset}.snapshot_bsatn`)).catch(asProblem);
    if (manifest === undefined) continue; // written last: without it there is no snapshot
    const store = new SnapshotStore(new FolderBlobStore(target));
    try {
      if (manifest instanceof Error) throw manifest;
      const files: SpacetimeSnapshotFiles = {
        manifest,
        readObject: (hash) => readWhole(join(snapshot, 'objects', hash.slice(0, 2), hash.slice(2))),
      };
      const { txOffset } = await convertSpacetimeSnapshot(files, store, Date.now() * 1000);
      if (txOffset !== Number(offset)) throw new Error(`it is of transaction ${txOffset}`);
      return store;
    } catch (error) {
      await rm(target, { recursive: true, force: true });
      const message = `it is passed over: ${error instanceof Error ? error.message : String(error)}`;
      const where = `${path}/snapshots/${offset}.snapshot_dir`;
      findings.push({ severity: 'warning', code: 'IMPORT_SNAPSHOT_INVALID', path: where, message });
    }
  }
  return undefined;
}

/** The content of a file, decompressed if it is; undefined if there is none. */
async function readWhole(path: string): Promise<Uint8Array | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return decompressWhole(path, bytes, decompressZstd);
}

function asProblem(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
