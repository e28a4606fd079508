import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ChatUser } from '../src/chat-user.ts';
import { Cli } from '../src/cli.ts';
import { newPerson, type Person, publish, request } from '../src/http.ts';
import { modulePath } from '../src/modules.ts';
import { SMALL_LIMITS, ServerProcess } from '../src/server-process.ts';
import { moduleDefinedBy, wasmModule } from '../src/wasm-module.ts';

const chat = readFileSync(modulePath('quickstart-chat'));
const sinkWrite = ['spacetime_10.0', 'bytes_sink_write'] as const;
const loop = [0x03, 0x40, 0x0c, 0, 0x0b];
/** V10: one reducer `init`, which is the lifecycle reducer Init. */
const definitionWithInit = Buffer.from(
  '0202000000' + '030100000004000000696e697400000000' + '000200000000' + '04' + '07010000000004000000696e6974',
  'hex',
);

/** V10: a type X = { a: X }, and a table t of it. */
const recursiveRow = Buffer.from(
  '0203000000' +
    '0001000000' +
    '0201000000' +
    '000100000061' +
    '0000000000' +
    '0101000000' +
    '00000000' +
    '0100000058' +
    '00000000' +
    '01' +
    '0201000000' +
    '0100000074' +
    '00000000' +
    '00000000'.repeat(4) +
    '0101' +
    '00000000' +
    '00',
  'hex',
);

const badModules: { what: string; bytes: Uint8Array; complaint: RegExp }[] = [
  { what: 'nothing', bytes: new Uint8Array(), complaint: /it is empty/ },
  { what: 'no WebAssembly', bytes: Buffer.from('fn main() {}'), complaint: /it is a text/ },
  { what: 'a component', bytes: Buffer.from('0061736d0d000100', 'hex'), complaint: /WebAssembly component/ },
  { what: 'half a module', bytes: chat.subarray(0, chat.length / 2), complaint: /./ },
  {
    what: 'a module with a function that does not validate',
    bytes: wasmModule({ describe: [0x6a] }),
    complaint: /./,
  },
  {
    what: 'an import that no host has',
    bytes: wasmModule({ imports: [sinkWrite, ['spacetime_10.0', 'open_the_pod_bay_doors']] }),
    complaint: /open_the_pod_bay_doors/,
  },
  {
    what: 'an import from WASI',
    bytes: wasmModule({ imports: [sinkWrite, ['wasi_snapshot_preview1', 'fd_write']] }),
    complaint: /wasi_snapshot_preview1/,
  },
  {
    what: 'an import of the right name and the wrong type',
    bytes: wasmModule({ imports: [sinkWrite, ['spacetime_10.0', 'console_log']] }),
    complaint: /console_log/,
  },
  {
    what: 'an ABI version of the future',
    bytes: wasmModule({ imports: [['spacetime_10.99', 'bytes_sink_write']] }),
    complaint: /abi version 10\.99 is not supported/,
  },
  { what: 'no ABI at all', bytes: wasmModule({ imports: [] }), complaint: /unable to determine ABI/ },
  { what: 'no __describe_module__', bytes: wasmModule({ describe: undefined }), complaint: /__describe_module__/ },
  { what: 'a trap in __describe_module__', bytes: wasmModule({ describe: [0x00] }), complaint: /./ },
  { what: 'an endless loop in __describe_module__', bytes: wasmModule({ describe: loop }), complaint: /./ },
  { what: 'no definition', bytes: wasmModule({ describe: [0x01] }), complaint: /./ },
  {
    what: 'a definition of an unknown version',
    bytes: moduleDefinedBy(Buffer.from('05', 'hex')),
    complaint: /error decoding module description/,
  },
  {
    what: 'a definition whose list claims four billion entries',
    bytes: moduleDefinedBy(Buffer.from('0201000000' + '03ffffffff', 'hex')),
    complaint: /error decoding module description/,
  },
  {
    what: 'a type that refers to nothing',
    bytes: moduleDefinedBy(Buffer.from('020100000001010000000000000001000000580300000001', 'hex')),
    complaint: /ref/,
  },
  {
    what: 'a row that contains itself',
    bytes: moduleDefinedBy(recursiveRow),
    complaint: /./,
  },
  {
    what: 'two reducers of one name',
    bytes: moduleDefinedBy(
      Buffer.from('020100000003020000000100000078000000000102000000000401000000580000000001020000000004', 'hex'),
    ),
    complaint: /x/,
  },
  {
    what: 'a lifecycle reducer that does not exist',
    bytes: moduleDefinedBy(Buffer.from('0201000000070100000000030000007a6970', 'hex')),
    complaint: /Init|zip/,
  },
  { what: 'an init that traps', bytes: moduleDefinedBy(definitionWithInit), complaint: /./ },
  { what: 'an init without end', bytes: moduleDefinedBy(definitionWithInit, [...loop, 0x41, 0]), complaint: /./ },
];

let server: ServerProcess;
let owner: Person;
let bystander: ChatUser;

beforeAll(async () => {
  server = await ServerProcess.start({ config: SMALL_LIMITS });
  owner = await newPerson(server);
  await publish(server, 'chat', 'quickstart-chat', owner.token);
  bystander = new ChatUser(server, 'chat');
  await bystander.connected();
});

afterAll(async () => {
  bystander?.[Symbol.dispose]();
  await server?.[Symbol.asyncDispose]();
});

test.each(badModules)(
  '$what is refused as a new database, with the reason',
  { timeout: 120_000 },
  async ({ bytes, complaint }) => {
    const response = await request(server, 'PUT', '/v1/database/new', { body: bytes, token: owner.token });
    const answer = await response.text();
    expect(response.status, answer).toBeGreaterThanOrEqual(400);
    expect(answer).toMatch(complaint);
    expect((await request(server, 'GET', '/v1/database/new/schema?version=10')).status).toBeGreaterThanOrEqual(400);
  },
);

// An init does not run in an update, so the last two are fine modules there, if breaking ones.
test.each(badModules.slice(0, -2))(
  '$what is refused as an update, and the old module serves on',
  { timeout: 120_000 },
  async ({ what, bytes, complaint }) => {
    const response = await request(server, 'PUT', '/v1/database/chat', { body: bytes, token: owner.token });
    const answer = await response.text();
    expect(response.status, answer).toBeGreaterThanOrEqual(400);
    expect(answer).toMatch(complaint);
    await bystander.say(`after ${what}`);
  },
);

test('after all that the connection of the bystander is still the first one, and the name is free', async () => {
  expect(bystander.connectionCount).toBe(1);
  await publish(server, 'new', 'quickstart-chat', owner.token);
});

test('the command line says why and ends with 1', async () => {
  const cli = new Cli(server, 'owner');
  const path = join(server.folder, 'bad.wasm');
  writeFileSync(path, 'fn main() {}');
  const refused = await cli.run('publish', 'other', '--bin-path', path, '--yes');
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toMatch(/WebAssembly|wasm/i);

  const absent = await cli.run('publish', 'other', '--bin-path', join(server.folder, 'absent.wasm'), '--yes');
  expect(absent.exitCode).toBe(1);
  expect(absent.stderr).toContain('absent.wasm');
});

test('a module that would break clients is refused until the caller says that it may', async () => {
  await publish(server, 'breaking', 'quickstart-chat', owner.token);
  const next = readFileSync(modulePath('connections'));
  const response = await request(server, 'PUT', '/v1/database/breaking', { body: next, token: owner.token });
  expect(response.status).toBe(400);
  expect(await response.text()).toMatch(/break/i);
});
