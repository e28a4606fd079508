import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder } from './package-folder.ts';

/** The release of SpacetimeDB whose modules, clients and requests we are compatible with. */
const COMPATIBLE_WITH = '2.8.3';
/** The first Node that has all we use of it; older ones fail somewhere in the middle. */
const OLDEST_NODE = 24;

export function versionText(): string {
  const manifest = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as { version: string };
  return `Lightcone ${manifest.version} (compatible with SpacetimeDB ${COMPATIBLE_WITH})`;
}

/** Why this program does not run on a version of Node, as `24.21.0`; undefined if it does. */
export function tooOldNode(version: string): string | undefined {
  if (Number.parseInt(version, 10) >= OLDEST_NODE) return undefined;
  return `Lightcone needs Node ${OLDEST_NODE} or newer, and this is ${version}. Install a newer one, and try again.`;
}
