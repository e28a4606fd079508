import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const script = fileURLToPath(new URL('hot-database.ts', import.meta.url));

test('V8 does not collect code of modules, which can end the process where there are several threads', () => {
  const flags = ['--conditions=lightcone-source', '--stress-wasm-code-gc', '--trace-wasm-code-gc'];
  const { stdout, stderr, status } = spawnSync(process.execPath, [...flags, script], { encoding: 'utf8' });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  // Node compiles sources with a module of its own in the main thread, isolate 0, before there is another.
  expect(stdout).toMatch(/Isolate 0/u);
  expect(stdout).not.toMatch(/Isolate [1-9]/u);
});
