import { readFile } from 'node:fs/promises';
import { parse } from 'smol-toml';
import { ServerError } from './errors.ts';

/** The version of the layout of data directories that this server opens: `data-directory.ts`. */
const LAYOUT_MAJOR = 1;

/** The text of a new data directory's `metadata.toml`. */
export const METADATA: string = `version = "${LAYOUT_MAJOR}.0.0"\nedition = "lightcone"\n`;

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

/**
 * Refuses the folder of another software, or of another major version.
 * @param path of the folder
 * @throws ServerError `SERVER_DATA_DIR_INCOMPATIBLE`
 */
export function checkMetadata(path: string, { edition, version }: DirectoryMetadata): void {
  if (edition === 'lightcone' && typeof version === 'string' && version.startsWith(`${LAYOUT_MAJOR}.`)) return;
  const what = `edition ${JSON.stringify(edition)}, version ${JSON.stringify(version)}`;
  throw new ServerError(
    'SERVER_DATA_DIR_INCOMPATIBLE',
    edition === 'standalone'
      ? `${path} is a data directory of SpacetimeDB (${what}). \`spacetime import ${path} --data-dir <new folder>\` takes it over.`
      : `${path}/metadata.toml says ${what}; this program knows edition "lightcone", version ${LAYOUT_MAJOR}. If the file is ` +
          'damaged, delete it: a start writes it anew. Otherwise choose another folder.',
  );
}
