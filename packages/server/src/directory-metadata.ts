import { readFile } from 'node:fs/promises';
import { parse } from 'smol-toml';

/** What a data directory's `metadata.toml` says of the software that made the folder, as it stands there. */
export interface DirectoryMetadata {
  /** `lightcone`; SpacetimeDB's is `standalone`. */
  readonly edition?: unknown;
  readonly version?: unknown;
}

/**
 * Reads a `metadata.toml`. One that is not TOML says nothing, so that it is refused as that of another software is.
 * @throws the error of the file system when it cannot be read
 */
export async function readMetadata(file: string): Promise<DirectoryMetadata> {
  const text = await readFile(file, 'utf8');
  try {
    return parse(text);
  } catch {
    return {};
  }
}
