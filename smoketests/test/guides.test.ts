// The guides for writing modules, followed word for word.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Guide } from '../src/guide.ts';
import { isMissing } from '../src/needs.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));

interface GuideToFollow {
  readonly page: string;
  /** What it is skipped without. */
  readonly compiler: string;
  readonly environment: Readonly<Record<string, string>>;
}

const GUIDES: readonly GuideToFollow[] = [
  {
    page: 'modules-in-rust.md',
    compiler: '/usr/bin/cargo',
    // What tools/build-module.ts has compiled need not be compiled again; the compiler has to be the same for that.
    environment: {
      CARGO_TARGET_DIR: join(repository, 'target', 'modules'),
      RUSTC_WRAPPER: join(repository, 'tools', 'rustc-with-crate-paths.sh'),
    },
  },
  { page: 'modules-in-cpp.md', compiler: '/usr/bin/em++', environment: {} },
  { page: 'modules-in-assemblyscript.md', compiler: process.execPath, environment: {} },
];

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'lightcone-guide-'));
});
afterEach(() => rmSync(home, { recursive: true }));

describe.each(GUIDES)('docs/guide/$page', ({ page, compiler, environment }) => {
  // The first build compiles the language's own library.
  test.skipIf(isMissing(compiler))('does what it says', { timeout: 600_000 }, async () => {
    await using guide = await Guide.open(page, home, environment);
    await expect(guide.follow()).resolves.toBeUndefined();
  });
});
