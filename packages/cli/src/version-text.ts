import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder } from './package-folder.ts';

/** The release of SpacetimeDB whose modules, clients and requests we are compatible with. */
const COMPATIBLE_WITH = '2.8.3';

export function versionText(): string {
  const manifest = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as { version: string };
  return `Lightcone ${manifest.version} (compatible with SpacetimeDB ${COMPATIBLE_WITH})`;
}
