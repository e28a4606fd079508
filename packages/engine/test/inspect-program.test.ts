import { readFileSync, globSync } from 'node:fs';
import {
  componentEmbed,
  componentNew,
  metadataAdd,
  metadataShow,
  parse,
} from '@bytecodealliance/jco-transpile/wasm-tools';
import { readProducers, programSections } from '@lightcone/host';
import { describe, expect, test } from 'vitest';
import { describeComponent } from '../src/inspection/describe-component.ts';
import { inspectProgram } from '../src/inspection/index.ts';

const folder = new URL('../../../modules/', import.meta.url);
// Compilers leave more of them in folders below.
const modules = globSync('*/*.wasm', { cwd: folder })
  .toSorted()
  .map((path) => ({ path, bytes: new Uint8Array(readFileSync(new URL(path, folder))) }));
const chat = modules.find(({ path }) => path.endsWith('quickstart-chat.wasm'))!.bytes;

const CORE_OF_A_COMPONENT = `(module
  (import "lightcone:test/host@0.1.0" "insert" (func (param i32 i32)))
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 0)
  (func (export "noop") (param i32)))`;
const WORLD = `package lightcone:test@0.1.0;
interface host { insert: func(table: u32, row: u32); }
world module { import host; export noop: func(n: u32); }`;

/** A real component, made by the tools that make all of them. */
async function component(): Promise<Uint8Array> {
  const embedded = await componentEmbed({
    binary: await parse(CORE_OF_A_COMPONENT),
    witSource: WORLD,
    metadata: [['processed-by', [['test-tool', '1.2.3']]]],
  });
  return new Uint8Array(await componentNew(embedded));
}

describe.each(modules)('$path', ({ bytes }) => {
  test('is reported whole, with sections that add up to the file', async () => {
    const report = await inspectProgram(bytes);
    expect(report).toMatchObject({ format: 'module', bytes: bytes.length, module: { abiVersion: { major: 10 } } });
    // Each section has its number and a size of one to five bytes before it.
    const last = report.sections.at(-1)!;
    expect(last.start + last.bytes).toBe(bytes.length);
    expect(report.definition).toBeDefined();
    expect(JSON.parse(JSON.stringify(report))).toMatchObject({ hash: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });
});

test('a module that is accepted is described in the names that clients use', async () => {
  const { verdict, definition, module } = await inspectProgram(chat);
  expect(verdict).toEqual({ isAccepted: true });
  expect(module).toMatchObject({ abiVersion: { major: 10, minor: 4 }, memory: { min: 17 } });
  expect(definition).toMatchObject({
    version: 10,
    tables: [
      { name: 'message', access: 'public', isEvent: false },
      {
        name: 'user',
        columns: [
          { name: 'identity', type: 'Identity', isPrimaryKey: true, isUnique: true },
          { name: 'name', type: 'Option<String>', isPrimaryKey: false },
          { name: 'online', type: 'Bool' },
        ],
        indexes: [{ kind: 'btree', columns: ['identity'] }],
      },
    ],
    reducers: [
      { name: 'client_connected', lifecycle: 'onConnect' },
      { name: 'client_disconnected', lifecycle: 'onDisconnect' },
      { name: 'init', lifecycle: 'init' },
      { name: 'send_message', params: [{ name: 'text', type: 'String' }], isPublic: true, lifecycle: undefined },
      { name: 'set_name' },
    ],
  });
});

test('a component is told apart, with its world, its parts and their makers', async () => {
  const report = await inspectProgram(await component());
  expect(report).toMatchObject({
    format: 'component',
    verdict: { isAccepted: false, code: 'HOST_COMPONENT', reason: expect.stringMatching(/a WebAssembly component/) },
    module: undefined,
    definition: undefined,
    component: {
      tag: 'read',
      wit: expect.stringMatching(/import lightcone:test\/host@0\.1\.0;[^]*export noop: func\(n: u32\)/),
      parts: [{ kind: 'component' }, { kind: 'module' }],
    },
  });
  expect(report.sections.map(({ name }) => name)).toEqual(expect.arrayContaining(['core module', 'import', 'export']));
  if (report.component === undefined) throw new Error('checked above');
  expect(describeComponent(report.component)).toMatch(
    /Its world is:\n[^]*export noop[^]*\nMade by: .*test-tool 1\.2\.3/,
  );
});

test.each([
  { what: 'nothing but the header of a component', cut: 8, tag: 'read' },
  { what: 'a component that is cut off', cut: 200, tag: 'malformed' },
])('$what is read as far as it goes', async ({ cut, tag }) => {
  const report = await inspectProgram((await component()).slice(0, cut));
  expect(report).toMatchObject({ verdict: { code: 'HOST_COMPONENT' }, component: { tag } });
});

test('the tools that made a module are read as jco reads them', async () => {
  const marked = new Uint8Array(
    await metadataAdd(chat, [
      ['language', [['Rust', '2024']]],
      [
        'processed-by',
        [
          ['rustc', '1.93.0'],
          ['wasm-opt', ''],
        ],
      ],
    ]),
  );
  const [judged] = await metadataShow(marked);
  const theirs = judged!.producers.flatMap(([role, makers]) =>
    makers.map(([name, version]) => ({ role, name, version })),
  );
  expect(readProducers(marked, programSections(marked))).toEqual(theirs);
  expect((await inspectProgram(marked)).producers).toContainEqual({
    role: 'processed-by',
    name: 'wasm-opt',
    version: '',
  });
});

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

test.each([
  { what: 'an empty file', bytes: [], code: 'HOST_NOT_WASM', sections: [] },
  { what: 'a text', bytes: [...Buffer.from('hello')], code: 'HOST_NOT_WASM', sections: [] },
  { what: 'a header alone', bytes: HEADER, code: 'HOST_ABI_VERSION', sections: [] },
  {
    what: 'a section that claims four thousand million bytes',
    bytes: [...HEADER, 0, 2, 1, 0x78, 1, 0xff, 0xff, 0xff, 0xff, 0x0f],
    code: 'HOST_MALFORMED_MODULE',
    sections: ['x'],
  },
  {
    what: 'a custom section whose name does not fit',
    bytes: [...HEADER, 0, 2, 9, 0x78],
    code: 'HOST_MALFORMED_MODULE',
    sections: [],
  },
  {
    what: 'producers that claim more than there is',
    bytes: [...HEADER, 0, 15, 9, ...Buffer.from('producers'), 0xff, 0xff, 0xff, 0xff, 0x0f],
    code: 'HOST_ABI_VERSION',
    sections: ['producers'],
  },
])('$what gets a report', async ({ bytes, code, sections }) => {
  const report = await inspectProgram(Uint8Array.from(bytes));
  expect(report.verdict).toMatchObject({ isAccepted: false, code });
  expect(report.sections.map(({ name }) => name)).toEqual(sections);
  expect(report.definition).toBeUndefined();
});

test('a module cut off at any place gets a report', async () => {
  for (let length = 0; length < chat.length; length += 997) {
    const report = await inspectProgram(chat.slice(0, length));
    expect(report.verdict.isAccepted).toBe(false);
  }
});
