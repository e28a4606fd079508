// The editor's TypeScript reads modules with the configuration that the SDK ships, and finds nothing wrong with them.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { moduleFolder } from './support/compile.ts';

const tsc = createRequire(import.meta.url)
  .resolve('typescript/package.json')
  .replace(/package\.json$/, 'bin/tsc');
const modules = ['transfers-assemblyscript', 'quickstart-chat-assemblyscript', 'features-assemblyscript'];

test.each(modules)('TypeScript has nothing to say about %s', (name) => {
  const { stdout, status } = spawnSync(process.execPath, [tsc, '-p', moduleFolder(name)], { encoding: 'utf8' });
  expect({ stdout, status }).toEqual({ stdout: '', status: 0 });
});
