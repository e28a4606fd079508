// A module of several files: each table is there once, and files that say different things about one do not start.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compile, isCompilerMissing } from './support/compiler.ts';
import { RawHost } from './support/raw-host.ts';

const PERSON = `
  #include <spacetimedb.h>
  using namespace SpacetimeDB;
  struct Place { int32_t x; };
  SPACETIMEDB_STRUCT(Place, x)
  struct Person { uint64_t id; std::string name; Place place; };
  SPACETIMEDB_STRUCT(Person, id, name, place)
  SPACETIMEDB_TABLE(Person, person, Public)
  FIELD_PrimaryKeyAutoInc(person, id)
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lightcone-cpp-'));
  if (!isCompilerMissing) compile('-std=c++20', '-c', sourceFile('first', PERSON), '-o', join(folder, 'first.o'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test.skipIf(isCompilerMissing)('what two files say alike is one table', { timeout: 120_000 }, () => {
  const { definition } = startWith(`${PERSON} FIELD_Index(person, name)`);
  expect(definition).toMatchObject({ tables: [{ name: 'person', indexes: [{}, {}] }] });
});

test.skipIf(isCompilerMissing).each([
  { differs: 'who may read it', said: 'Public', other: 'Private' },
  { differs: 'whether it keeps its rows', said: 'Public)', other: 'Public, true)' },
  { differs: 'the type of a column', said: 'std::string name', other: 'uint32_t name' },
  { differs: 'the order of columns', said: 'Person, id, name', other: 'Person, name, id' },
  { differs: 'the type in a column', said: 'int32_t x', other: 'int64_t x' },
  { differs: 'the struct', said: 'Person', other: 'Human' },
])('two files that differ in $differs do not start', { timeout: 120_000 }, ({ said, other }) => {
  const source = PERSON.replaceAll(said, other);
  expect(source).not.toBe(PERSON);
  expect(() => startWith(source)).toThrow('table person: two files say SPACETIMEDB_TABLE or the row');
});

function startWith(secondSource: string): RawHost {
  const wasm = join(folder, 'module.wasm');
  const undefinedSymbols = ['-sERROR_ON_UNDEFINED_SYMBOLS=0', '-sWARN_ON_UNDEFINED_SYMBOLS=0'];
  const flags = ['-std=c++20', '-sSTANDALONE_WASM=1', '-Wl,--no-entry', ...undefinedSymbols];
  compile(...flags, join(folder, 'first.o'), sourceFile('second', secondSource), '-o', wasm);
  return RawHost.ofFile(wasm);
}

function sourceFile(name: string, source: string): string {
  const file = join(folder, `${name}.cpp`);
  writeFileSync(file, source);
  return file;
}
