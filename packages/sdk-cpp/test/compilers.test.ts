// The ways to compile a module make modules with the same definition, which import nothing but the host.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compile, isCompilerMissing } from './support/compiler.ts';
import { exampleModule } from './support/modules.ts';
import { RawHost } from './support/raw-host.ts';

const folder = fileURLToPath(new URL('../../../modules/transfers-cpp', import.meta.url));
const toolchain = fileURLToPath(new URL('../toolchains/wasm_toolchain.cmake', import.meta.url));
const isClangMissing = process.env['LIGHTCONE_REQUIRE_TOOLS'] === undefined && !existsSync('/usr/bin/clang++-16');
const kept = {
  definition: RawHost.ofFile(exampleModule('transfers-cpp')).definition,
  foreignImports: [],
  result: 1,
  text: 'the two accounts must differ',
};

let output: string;
beforeAll(() => {
  output = mkdtempSync(join(tmpdir(), 'lightcone-cpp-'));
});
afterAll(() => rmSync(output, { recursive: true }));

test.skipIf(isCompilerMissing)('the plain command line, without optimising', { timeout: 240_000 }, () => {
  const wasm = join(output, 'plain.wasm');
  const undefinedSymbols = ['-sERROR_ON_UNDEFINED_SYMBOLS=0', '-sWARN_ON_UNDEFINED_SYMBOLS=0'];
  const flags = ['-std=c++20', '-sSTANDALONE_WASM=1', '-Wl,--no-entry', ...undefinedSymbols];
  compile(...flags, join(folder, 'src/module.cpp'), '-o', wasm);
  expect(behaviour(wasm)).toEqual(kept);
});

test.skipIf(isCompilerMissing)('CMake with Emscripten', { timeout: 240_000 }, () => {
  expect(behaviour(withCmake('emscripten'))).toEqual(kept);
});

test.skipIf(isClangMissing)('CMake with plain clang and wasi-libc', { timeout: 240_000 }, () => {
  expect(behaviour(withCmake('clang', '-DSPACETIMEDB_CLANG=clang++-16'))).toEqual(kept);
});

function withCmake(name: string, ...settings: readonly string[]): string {
  const build = join(output, name);
  run('cmake', '-S', folder, '-B', build, `-DCMAKE_TOOLCHAIN_FILE=${toolchain}`, ...settings);
  run('cmake', '--build', build);
  return join(build, 'transfers-cpp.wasm');
}

function run(program: string, ...args: readonly string[]): void {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(stdout + stderr);
}

/** What a build of the module shows of itself; the kept one shows the same. */
function behaviour(wasm: string): unknown {
  const host = RawHost.ofFile(wasm);
  const foreignImports = host.imports.filter((from) => !/^spacetime_10\.[0-5]$/.test(from));
  const { result, sink } = host.reducer('transfer', Uint8Array.of(1, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0));
  return { definition: host.definition, foreignImports, result, text: Buffer.from(sink).toString() };
}
