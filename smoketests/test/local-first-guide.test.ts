// The guide of the local-first package, followed word for word beside the packages of this checkout.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Guide } from '../src/guide.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const page = 'local-first.md';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'lightcone-guide-'));
});
afterEach(() => rmSync(home, { recursive: true }));

test('the guide does what it says', { timeout: 240_000 }, async () => {
  // A checkout whose example has nothing but its packages.
  const example = join(home, 'examples', 'quick-start');
  mkdirSync(example, { recursive: true });
  for (const shared of ['tools', join('examples', 'quick-start', 'node_modules')])
    symlinkSync(join(repository, shared), join(home, shared));
  await using guide = await Guide.open(page, home);
  await expect(guide.follow()).resolves.toBeUndefined();
});

test('what it shows of the to-do example is there', () => {
  const markdown = readFileSync(join(repository, 'docs', 'guide', page), 'utf8');
  const shown = [...markdown.matchAll(/^```ts of=(\S+)\n(.*?)^```$/gmsu)];
  expect(shown).not.toEqual([]);
  for (const [, path = '', content = ''] of shown)
    expect(readFileSync(join(repository, path), 'utf8')).toContain(content);
});
