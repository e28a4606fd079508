import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const COMPILER = '/usr/bin/em++';
const INCLUDE = fileURLToPath(new URL('../../include', import.meta.url));

/** CI has the compiler and skips nothing; elsewhere tests that compile are skipped without it. */
export const isCompilerMissing = process.env['LIGHTCONE_REQUIRE_TOOLS'] === undefined && !existsSync(COMPILER);

/** What the compiler says about a source; nothing if it is fine. Nothing is linked. */
export function complaintsAbout(source: string): string {
  const args = ['-std=c++20', `-I${INCLUDE}`, '-fsyntax-only', '-ferror-limit=0', '-x', 'c++', '-'];
  const { stdout, stderr, error } = spawnSync(COMPILER, args, { input: source, encoding: 'utf8' });
  if (error !== undefined) throw error;
  return stdout + stderr;
}

/** Compiles and links a file with exactly these arguments. */
export function compile(...args: readonly string[]): void {
  const { status, stdout, stderr, error } = spawnSync(COMPILER, [`-I${INCLUDE}`, ...args], { encoding: 'utf8' });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(stdout + stderr);
}
