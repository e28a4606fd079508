import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startServer } from '../src/index.ts';
import { TestClient, textArgs } from './client.ts';
import { authorization, newUser, programs, publish, sql } from './fixtures.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lightcone-server-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const local = '127.0.0.1:0';

test('what was acknowledged is there after a stop and a start; tokens and names are as well', async () => {
  const first = await startServer({ listenAddress: local, dataDir: folder });
  const owner = await newUser(first.url);
  await publish(first.url, 'chat', owner, programs.chat);
  const client = await TestClient.connect(first.url, 'chat');
  await client.next('InitialConnection');
  for (let i = 0; i < 100; i++) client.call(i, 'send_message', textArgs(`message ${i}`));
  for (let i = 0; i < 100; i++) await client.next('ReducerResult');
  await first.close();
  expect(await client.closed).toEqual({ code: 1001, reason: 'module exited' });

  await using second = await startServer({ listenAddress: local, dataDir: folder });
  expect(await sql(second.url, 'chat', owner, 'SELECT * FROM message')).toHaveLength(100);
  const deleted = { method: 'DELETE', headers: authorization(owner) };
  expect((await fetch(`${second.url}/v1/database/chat`, deleted)).status).toBe(200);
});

test('a stop answers what is under way: nothing that was sent before it is lost, confirmed or not', async () => {
  const first = await startServer({ listenAddress: local, dataDir: folder });
  const owner = await newUser(first.url);
  await publish(first.url, 'chat', owner, programs.chat);
  const client = await TestClient.connect(first.url, 'chat');
  await client.next('InitialConnection');
  const args = textArgs('under way');
  const calls = Array.from(
    { length: 500 },
    (_, requestId) => ({ tag: 'CallReducer', requestId, reducer: 'send_message', args }) as const,
  );
  client.send(...calls);
  await client.next('ReducerResult');
  await first.close();
  for (let i = 1; i < 500; i++) expect((await client.next('ReducerResult')).requestId).toBe(i);

  await using second = await startServer({ listenAddress: local, dataDir: folder });
  expect(await sql(second.url, 'chat', owner, 'SELECT * FROM message')).toHaveLength(500);
});

test('who asks for a database that cannot be opened learns what is wrong, and not where the server keeps its data', async () => {
  const first = await startServer({ listenAddress: local, dataDir: folder });
  const owner = await newUser(first.url);
  await publish(first.url, 'chat', owner, programs.chat);
  await first.close();
  const path = join(folder, 'replicas/1/clog/00000000000000000000.stdb.log');
  const bytes = await readFile(path);
  bytes[100]! ^= 1;
  await writeFile(path, bytes);

  await using second = await startServer({ listenAddress: local, dataDir: folder });
  const answer = await fetch(`${second.url}/v1/database/chat/schema?version=9`);
  const text = await answer.text();
  expect(answer.status).toBe(500);
  expect(text).toContain('error starting database: clog/00000000000000000000.stdb.log');
  expect(text).not.toContain(folder);
});

test('in memory, no file is touched', async () => {
  const before = process.cwd();
  process.chdir(folder);
  try {
    const server = await startServer({ listenAddress: local });
    await publish(server.url, 'chat', await newUser(server.url), programs.chat);
    await server.close();
    expect(await readdir(folder)).toEqual([]);
  } finally {
    process.chdir(before);
  }
});

test('close may be called twice', async () => {
  const server = await startServer({ listenAddress: local });
  await Promise.all([server.close(), server.close()]);
  await expect(fetch(server.url)).rejects.toThrow('fetch failed');
});

test('a port in use is named, with the way out, and the data directory is free again', async () => {
  await using server = await startServer({ listenAddress: local });
  const options = { listenAddress: `127.0.0.1:${server.port}`, dataDir: folder };
  await expect(startServer(options)).rejects.toMatchObject({
    code: 'SERVER_PORT_TAKEN',
    message: expect.stringMatching(new RegExp(`port ${server.port} .*--listen-addr`, 'u')),
  });
  await (await startServer({ listenAddress: local, dataDir: folder })).close();
});

test('an address that this machine does not have is named, with the way out', async () => {
  // TEST-NET-1, which no machine has.
  await expect(startServer({ listenAddress: '192.0.2.1:3000' })).rejects.toMatchObject({
    code: 'SERVER_CANNOT_LISTEN',
    message: expect.stringMatching(/192\.0\.2\.1.*--listen-addr/u),
  });
});

test('a data directory that cannot be one is named, with the way out', async () => {
  const file = join(folder, 'file');
  await writeFile(file, '');
  await expect(startServer({ listenAddress: local, dataDir: file })).rejects.toMatchObject({
    code: 'SERVER_DATA_DIR_UNUSABLE',
    message: expect.stringMatching(/file cannot be used: .*file is no folder\. .*--data-dir/u),
  });
  await mkdir(join(folder, 'config.toml'));
  await expect(startServer({ listenAddress: local, dataDir: folder })).rejects.toMatchObject({
    code: 'SERVER_INVALID_CONFIG',
    message: expect.stringMatching(/config\.toml cannot be read: EISDIR/u),
  });
});

test.skipIf(process.platform !== 'linux')('a data directory that cannot be made is refused at once', async () => {
  const options = { listenAddress: local, dataDir: '/proc/lightcone/data' };
  await expect(startServer(options)).rejects.toMatchObject({
    code: 'SERVER_DATA_DIR_UNUSABLE',
    message: expect.stringMatching(/data cannot be used: ENOENT: .*mkdir '\/proc\/lightcone'/u),
  });
});

test('a data directory is made with the folders above it', async () => {
  const dataDir = join(folder, 'above', 'data');
  await (await startServer({ listenAddress: local, dataDir, keyDir: join(folder, 'other', 'keys') })).close();
  expect(await readdir(dataDir)).toContain('control.sqlite');
  expect(await readdir(join(folder, 'other', 'keys'))).toContain('id_ecdsa');
});

test.each([
  { what: 'missing', content: undefined, says: /is missing or empty.*--salvage/u },
  { what: 'empty', content: new Uint8Array(), says: /is missing or empty.*--salvage/u },
  { what: 'no database', content: new Uint8Array(1000), says: /control\.sqlite is damaged: .*--salvage/u },
  { what: 'damaged in the middle', content: 4096, says: /is damaged: .*--salvage/u },
])('a control database that is $what is refused before anything is changed', async ({ content, says }) => {
  const first = await startServer({ listenAddress: local, dataDir: folder });
  await publish(first.url, 'chat', await newUser(first.url), programs.chat);
  await first.close();
  const control = join(folder, 'control.sqlite');
  if (content === undefined) await rm(control);
  else await writeFile(control, typeof content === 'number' ? (await readFile(control)).fill(0xff, content) : content);
  await expect(startServer({ listenAddress: local, dataDir: folder })).rejects.toMatchObject({
    code: 'SERVER_DATA_DIR_UNUSABLE',
    message: expect.stringMatching(says),
  });
  expect(await readdir(join(folder, 'replicas', '1', 'clog'))).not.toEqual([]);
});

test('with the control database of an earlier day no folder of a later database is used, or removed', async () => {
  const first = await startServer({ listenAddress: local, dataDir: folder });
  const owner = await newUser(first.url);
  await first.close();
  const earlier = await readFile(join(folder, 'control.sqlite'));
  const second = await startServer({ listenAddress: local, dataDir: folder });
  await publish(second.url, 'chat', owner, programs.chat);
  await second.close();
  await writeFile(join(folder, 'control.sqlite'), earlier);
  const segments = await readdir(join(folder, 'replicas', '1', 'clog'));
  await using third = await startServer({ listenAddress: local, dataDir: folder });
  await publish(third.url, 'other', owner, programs.chat);
  expect(await readdir(join(folder, 'replicas'))).toEqual(['1', '2']);
  expect(await readdir(join(folder, 'replicas', '1', 'clog'))).toEqual(segments);
});

test('a data directory has one server at a time, which is named', async () => {
  await using _ = await startServer({ listenAddress: local, dataDir: folder });
  await expect(startServer({ listenAddress: local, dataDir: folder })).rejects.toMatchObject({
    code: 'SERVER_DATA_DIR_LOCKED',
    message: expect.stringContaining(`process ${process.pid}`),
  });
});

test.each(['version = "2.8.3"\nedition = "standalone"\n', 'not TOML', ''])(
  'the folder of another software is not opened: %j',
  async (metadata) => {
    await writeFile(join(folder, 'metadata.toml'), metadata);
    await expect(startServer({ listenAddress: local, dataDir: folder })).rejects.toMatchObject({
      code: 'SERVER_DATA_DIR_INCOMPATIBLE',
    });
  },
);

describe('a server that other machines can reach', () => {
  test('lets nobody create databases', async () => {
    await using server = await startServer({ listenAddress: '0.0.0.0:0', dataDir: folder });
    const url = `http://127.0.0.1:${server.port}`;
    const request = { method: 'PUT', headers: authorization(await newUser(url)), body: programs.chat };
    const response = await fetch(`${url}/v1/database/chat`, request);
    expect(response.status).toBe(403);
    expect(await response.text()).toContain('[publish] allow');
    expect((await fetch(`${url}/v1/database/chat`)).status).toBe(404);
  });

  test('lets those create whom its configuration names', async () => {
    const first = await startServer({ listenAddress: local, dataDir: folder });
    const user = await newUser(first.url);
    await first.close();
    await writeFile(join(folder, 'config.toml'), `[publish]\nallow = ["${user.identity}"]\n`);
    await using server = await startServer({ listenAddress: '0.0.0.0:0', dataDir: folder });
    const url = `http://127.0.0.1:${server.port}`;
    await publish(url, 'chat', user, programs.chat);
    expect((await fetch(`${url}/v1/database/chat`)).status).toBe(200);
  });
});

describe('a module that is none', () => {
  test.each([
    { what: 'nonsense', program: new TextEncoder().encode('nonsense') },
    { what: 'an empty WebAssembly module', program: Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0) },
    { what: 'half a module', program: programs.chat.slice(0, programs.chat.length / 2) },
  ])('($what) is refused with a text, nothing is left of it, and the name can be used', async ({ program }) => {
    await using server = await startServer({ listenAddress: local, dataDir: folder });
    const owner = await newUser(server.url);
    const request = { method: 'PUT', headers: authorization(owner), body: program };
    const response = await fetch(`${server.url}/v1/database/chat`, request);
    expect(response.status).toBe(500);
    expect(await response.text()).toMatch(/^Failed to create or update the database: \S/u);
    expect(await readdir(join(folder, 'replicas'))).toEqual([]);
    await publish(server.url, 'chat', owner, programs.chat);
    // Over a database that runs, it changes nothing.
    expect((await fetch(`${server.url}/v1/database/chat`, request)).status).not.toBe(200);
    expect(await sql(server.url, 'chat', owner, 'SELECT * FROM message')).toEqual([]);
  });
});

test('logs can be followed while the module writes them', async () => {
  await using server = await startServer({ listenAddress: local });
  const owner = await newUser(server.url);
  await publish(server.url, 'chat', owner, programs.chat);
  const response = await fetch(`${server.url}/v1/database/chat/logs?num_lines=1&follow=true`, {
    headers: authorization(owner),
  });
  const client = await TestClient.connect(server.url, 'chat');
  await client.next('InitialConnection');
  client.call(1, 'send_message', textArgs('to be logged'));
  let seen = '';
  for await (const chunk of response.body ?? []) {
    seen += Buffer.from(chunk).toString();
    if (seen.split('\n').length > 2) break;
  }
  expect(seen).toMatch(/"message":"Database initialized"\}\n\{"level":"Info",.*to be logged"\}\n$/u);
  await client.close();
});

test('metrics count clients, frames, calls and rows', async () => {
  await using server = await startServer({ listenAddress: local });
  await publish(server.url, 'chat', await newUser(server.url), programs.chat);
  const client = await TestClient.connect(server.url, 'chat');
  await client.next('InitialConnection');
  client.call(1, 'send_message', textArgs('one'));
  client.call(2, 'send_message', textArgs(''));
  await client.next('ReducerResult');
  await client.next('ReducerResult');
  const text = await (await fetch(`${server.url}/v1/metrics`)).text();
  expect(text).toMatch(/^spacetime_worker_connected_clients\{database_identity="\w{64}"\} 1$/mu);
  expect(text).toMatch(/^spacetime_websocket_requests_total\{.*\} 2$/mu);
  expect(text).toMatch(/^spacetime_num_txns_total\{.*reducer="send_message",committed="true"\} 1$/mu);
  expect(text).toMatch(/^spacetime_num_txns_total\{.*reducer="send_message",committed="false"\} 1$/mu);
  expect(text).toMatch(/^spacetime_num_table_rows\{.*table_name="message"\} 1$/mu);
  await client.close();
});
