import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, expect, test } from 'vitest';
import { TestUser } from './run.ts';

const chat = fileURLToPath(new URL('../../../modules/quickstart-chat/quickstart-chat.wasm', import.meta.url));

let user: TestUser;
beforeEach(() => {
  user = new TestUser();
});

function file(name: string, bytes: readonly number[]): string {
  const path = join(user.home, name);
  writeFileSync(path, Uint8Array.from(bytes));
  return path;
}

test('a module that a server takes is laid out for people, without any server', async () => {
  const run = await user.run(['inspect', chat]);
  expect(run).toMatchObject({ exitCode: 0, noted: '' });
  expect(run.printed).toMatch(
    /^WebAssembly core module, [\d,]+ bytes, hash [0-9a-f]{64}\nA server of this version takes it\.\n/,
  );
  for (const part of [
    /\n {2}ABI +spacetime 10\.4\n/,
    /\n {2}memory +1\.1 MiB at first, 1 GiB at most\n/,
    /\nTable user \(public\)\n {2}identity {2}Identity +primary key\n {2}name +Option<String>\n/,
    /\n {2}btree index over identity\n/,
    /\n {2}send_message\(text: String\)\n/,
    /\n {2}client_connected\(\) {2}\[when a client connects\]\n/,
    /\n {2}spacetime_10\.0 {2}datastore_insert_bsatn\n/,
    /\n {2}__describe_module__ +\(i32\) -> \(\)\n/,
    /\n {2}and 7 that begin with __preinit__20_register_\n/,
    /\n {2}code +[\d,]+ {2}\d+\.\d %\n {2}data /,
  ]) {
    expect(run.printed).toMatch(part);
  }
});

test('--json prints the report as it is', async () => {
  const run = await user.run(['inspect', chat, '--json']);
  expect(JSON.parse(run.printed)).toMatchObject({
    format: 'module',
    verdict: { isAccepted: true },
    module: { abiVersion: { major: 10, minor: 4 } },
    definition: { version: 10, tables: [{ name: 'message' }, { name: 'user' }] },
  });
});

test.each([
  { name: 'empty.wasm', bytes: [], code: 'HOST_NOT_WASM', printed: /No WebAssembly, 0 bytes[^]*: it is empty/ },
  {
    name: 'program',
    bytes: [0x7f, 0x45, 0x4c, 0x46, 2, 1],
    code: 'HOST_NOT_WASM',
    printed: /it is an ELF file/,
  },
  {
    name: 'component.wasm',
    bytes: [0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0],
    code: 'HOST_COMPONENT',
    printed:
      /^WebAssembly component, 8 bytes[^]*refuses it:\n {2}this is a WebAssembly component, [^]*WIT\n {2}package/,
  },
  {
    name: 'bare.wasm',
    bytes: [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    code: 'HOST_ABI_VERSION',
    printed: /refuses it:\n {2}unable to determine ABI of module/,
  },
])(
  '$name is refused with the reason, and an exit code that scripts can use',
  async ({ name, bytes, code, printed }) => {
    const run = await user.run(['inspect', file(name, bytes)]);
    expect(run).toMatchObject({ exitCode: 1, noted: `Error: a server would refuse ${name} (${code})\n` });
    expect(run.printed).toMatch(printed);
    const json = await user.run(['inspect', '--json', file(name, bytes)]);
    expect(json.exitCode).toBe(1);
    expect(JSON.parse(json.printed)).toMatchObject({ bytes: bytes.length, verdict: { isAccepted: false, code } });
  },
);

test('names that could command the terminal are printed harmless', async () => {
  const name = [...new TextEncoder().encode('\u001b[2J')];
  const section = [0, name.length + 1, name.length, ...name];
  const run = await user.run(['inspect', file('rude.wasm', [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...section])]);
  expect(run.printed).toContain('custom "\\u001b[2J"');
  expect(run.printed).not.toContain('\u001b');
});

test('a file that is not there, or a folder in its place, is named', async () => {
  const run = await user.run(['inspect', join(user.home, 'absent.wasm')]);
  expect(run).toMatchObject({
    exitCode: 1,
    printed: '',
    noted: expect.stringContaining('absent.wasm cannot be read: '),
  });
  for (const args of [['inspect'], ['publish', 'chat', '--bin-path']]) {
    const folder = await user.run([...args, user.home]);
    expect(folder).toMatchObject({
      exitCode: 1,
      noted: expect.stringContaining(`${user.home} cannot be read: EISDIR`),
    });
  }
});
