import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Where a builder has sources, and the folder of cargo that is named after the registry. */
const PLACES_OF_A_BUILDER = /\/(?:home|root|Users|tmp|var|mnt|work|usr\/lib\/rustlib)\/|[A-Z]:\\|\/registry\/|\.cargo/;

const modules = globSync(['modules/*/*.wasm', 'packages/*/test/**/*.wasm'], {
  cwd: root,
  exclude: ['**/node_modules/**'],
});

test('the modules that lie here are found', () => {
  expect(modules.length).toBeGreaterThan(25);
});

test.each(modules.toSorted())('%s names no place of the machine that built it', (path) => {
  // One character for each byte, so that what is no text is passed over.
  expect(readFileSync(`${root}/${path}`, 'latin1').match(PLACES_OF_A_BUILDER)?.[0]).toBeUndefined();
});
