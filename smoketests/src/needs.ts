import { existsSync } from 'node:fs';

/**
 * Whether a tool that some tests need is missing, so that they are to be skipped.
 *
 * CI installs every tool and sets LIGHTCONE_REQUIRE_TOOLS: there nothing is skipped, and what is missing fails.
 */
export function isMissing(path: string): boolean {
  return process.env['LIGHTCONE_REQUIRE_TOOLS'] === undefined && !existsSync(path);
}
