// The example modules: the kept bytes are what the compiler makes, and mean what the Rust ones mean.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeRawModuleDef } from '@lightcone/schema';
import { expect, test } from 'vitest';
import { compileModule, moduleFolder } from './support/compile.ts';
import { FakeHost } from './support/fake-host.ts';
import { rustDefinition } from './support/rust-definition.ts';

const modules = ['transfers', 'quickstart-chat', 'features'];
const kept = (name: string): Uint8Array => readFileSync(join(moduleFolder(name), `${name}.wasm`));

/** What a first module may weigh. */
const maxChatBytes = 40_000;

test.each(modules)('%s compiles to the bytes that are kept', async (name) => {
  const { wasm, messages } = await compileModule(`${name}-assemblyscript`);
  expect(messages).toBe('');
  expect(Buffer.from(wasm ?? []).equals(kept(`${name}-assemblyscript`))).toBe(true);
});

test.each(modules)(
  'the types that are kept beside %s for the editor are those that the compiler writes',
  async (name) => {
    const file = 'assembly/generated.d.ts';
    const types = readFileSync(join(moduleFolder(`${name}-assemblyscript`), file), 'utf8');
    const { files } = await compileModule(`${name}-assemblyscript`);
    // Written only when they change.
    expect(files.get(file) ?? types).toBe(types);
  },
);

test.each(modules)('%s has the definition of the one in Rust', (name) => {
  const { definition } = new FakeHost(kept(`${name}-assemblyscript`));
  expect(decodeRawModuleDef(definition)).toEqual(decodeRawModuleDef(rustDefinition(kept(name))));
});

test.each(modules)('%s imports nothing but what the host has', (name) => {
  const module = new WebAssembly.Module(kept(`${name}-assemblyscript`) as Uint8Array<ArrayBuffer>);
  const from = new Set(WebAssembly.Module.imports(module).map((each) => each.module));
  expect([...from].filter((each) => !/^spacetime_10\.\d$/.test(each))).toEqual([]);
});

test('the chat is small', () => {
  expect(kept('quickstart-chat-assemblyscript').length).toBeLessThan(maxChatBytes);
});

test('a hundred thousand calls, and as many that fail, do not grow the memory', () => {
  const host = new FakeHost(kept('quickstart-chat-assemblyscript'));
  const send = reducerId(host, 'send_message');
  const text = (value: string): Uint8Array => {
    const bytes = Buffer.from(value);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const call = (count: number): void => {
    for (let at = 0; at < count; at++) {
      expect(host.callReducer(send, text('a message of some length, '.repeat(10))).code).toBe(0);
      expect(host.callReducer(send, text('  ')).code).toBe(1);
      host.log.length = 0;
    }
  };
  call(1_000);
  const before = host.memory.buffer.byteLength;
  call(99_000);
  expect(host.memory.buffer.byteLength).toBe(before);
});

function reducerId(host: FakeHost, name: string): number {
  const definition = decodeRawModuleDef(host.definition);
  if (definition.version !== 10) throw new Error('the definition is of another version');
  return definition.reducers.findIndex((reducer) => reducer.name === name);
}
