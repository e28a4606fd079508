import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SourceWatcher } from './source-watcher.ts';

let folder: string;
let watcher: SourceWatcher;
let noteChange: () => void;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lightcone-watch-'));
  for (const name of ['src', 'build', 'node_modules', '.git']) mkdirSync(join(folder, name));
  noteChange = () => {};
  watcher = new SourceWatcher(folder, ['build'], () => noteChange());
});

afterEach(() => {
  watcher[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

/** Resolves when a change has been told of. */
function change(): Promise<void> {
  return new Promise((resolve) => (noteChange = resolve));
}

test.each([
  { what: 'a file that is written', act: () => writeFileSync(join(folder, 'src', 'lib.rs'), 'x') },
  { what: 'a file of the folder itself', act: () => writeFileSync(join(folder, 'Cargo.toml'), 'x') },
  {
    what: 'a file that is replaced, as editors do it',
    act() {
      writeFileSync(join(folder, 'src', '.lib.rs.tmp'), 'x');
      renameSync(join(folder, 'src', '.lib.rs.tmp'), join(folder, 'src', 'lib.rs'));
    },
  },
])('$what is a change', async ({ act }) => {
  const changed = change();
  act();
  await expect(changed).resolves.toBeUndefined();
});

test('folders that come later are watched, too', async () => {
  const made = change();
  mkdirSync(join(folder, 'src', 'more'));
  await made;
  const written = change();
  writeFileSync(join(folder, 'src', 'more', 'a.rs'), 'x');
  await expect(written).resolves.toBeUndefined();
});

test('what compilers and tools write is no change', async () => {
  const seen: string[] = [];
  noteChange = () => seen.push('change');
  for (const name of ['build', 'node_modules', '.git']) writeFileSync(join(folder, name, 'file'), 'x');
  writeFileSync(join(folder, 'src', '.lib.rs.swp'), 'x');
  // Changes are told of in order: when this one has come, the others would have.
  const last = Promise.withResolvers<void>();
  noteChange = () => {
    seen.push('change');
    last.resolve();
  };
  writeFileSync(join(folder, 'src', 'end.rs'), 'x');
  await last.promise;
  expect(seen).toEqual(['change']);
});
