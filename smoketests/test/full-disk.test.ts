// The disk fills up while transactions commit: what was acknowledged stays, what cannot be written is not acknowledged.
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeClientMessage } from '@lightcone/protocol';
import { ByteWriter } from '@lightcone/sats';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { call, newPerson, publish, request, rows, sql } from '../src/http.ts';
import { modulePath } from '../src/modules.ts';
import { RawConnection } from '../src/raw-connection.ts';
import { ServerProcess } from '../src/server-process.ts';
import { SmallDisk } from '../src/small-disk.ts';
import { spacetimeCommand } from '../src/spacetime-command.ts';

const diskMegabytes = 24;
const disk = new SmallDisk(diskMegabytes);

beforeAll(() => {
  if (!disk.isSkipped) expect(disk.isMounted, 'a small tmpfs could not be mounted').toBe(true);
});

afterAll(() => disk[Symbol.dispose]());

test.skipIf(disk.isSkipped)('a full disk loses nothing that was acknowledged', { timeout: 120_000 }, async () => {
  await using server = await ServerProcess.start({ dataDir: disk.folder });
  const owner = await newPerson(server);
  await publish(server, 'disk', 'test-module', owner.token);
  await publish(server, 'chat', 'quickstart-chat', owner.token);

  using connection = await RawConnection.open(server, 'disk', 'v2.bsatn.spacetimedb');
  await connection.next('InitialConnection');
  const acknowledged: number[] = [];
  let refusal: Response | undefined;
  for (let id = 0; refusal === undefined && id < 2 * diskMegabytes; id++) {
    const response = await call(server, 'disk', 'put_large', [id, 512 * 1024]);
    if (response.status === 200) acknowledged.push(id);
    else refusal = response;
  }
  expect(acknowledged.length).toBeGreaterThan(5);
  await mustSayFull(refusal!);

  // What fits goes on, here and in other databases, and nobody was disconnected.
  await mustSayFull(await call(server, 'disk', 'put_large', [1000, 4 * 1024 * 1024]));
  expect((await call(server, 'disk', 'put_large', [999, 1])).status).toBe(200);
  expect((await call(server, 'chat', 'send_message', ['still here'], owner.token)).status).toBe(200);
  expect((await request(server, 'GET', '/v1/ping')).status).toBe(200);
  connection.send(subscription('SELECT * FROM large WHERE id = 999'));
  await connection.next('SubscribeApplied');
  const metrics = await (await request(server, 'GET', '/v1/metrics')).text();
  expect(metrics).toMatch(/lightcone_refused_requests_total\{db="\w+",limit="fullDisk"\} 2$/mu);

  await server.kill();
  // More room, as somebody who noticed would make.
  disk.resize(2 * diskMegabytes);
  await server.restart();
  const ids = (await rows(server, 'disk', 'SELECT id FROM large')).map(([id]) => Number(id));
  expect(ids).toEqual(expect.arrayContaining(acknowledged));
  expect((await call(server, 'disk', 'put_large', [1001, 1])).status).toBe(200);
});

test.skipIf(disk.isSkipped)(
  'what is on a full disk can be read, until there is room',
  { timeout: 120_000 },
  async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'lightcone-elsewhere-'));
    const config = `[backup]\nlocation = ${JSON.stringify(elsewhere)}\n`;
    await using server = await ServerProcess.start({ dataDir: join(disk.folder, 'read'), config });
    const owner = await newPerson(server);
    await publish(server, 'chat', 'quickstart-chat', owner.token);
    expect((await call(server, 'chat', 'send_message', ['before'], owner.token)).status).toBe(200);
    const ballast = join(disk.folder, 'ballast');
    // In order: one that is killed leaves the room that it had set aside, which is enough to go on with.
    await server.stop();
    // Nor with the room that it keeps while it is stopped, so that it can delete: a log would take some of that.
    rmSync(join(server.dataDir, 'control.sqlite-room'));
    fill(ballast);
    // Which is also where temporary files go.
    const [program, ...command] = spacetimeCommand;
    const verify = spawnSync(program, [...command, 'verify', server.dataDir, '--jwt-key-dir', server.keyDir], {
      env: { ...process.env, TMPDIR: disk.folder },
      encoding: 'utf8',
    });
    expect(verify).toMatchObject({ status: 1, stdout: '', stderr: expect.stringContaining('ENOSPC') as string });
    const newFolder = join(disk.folder, 'new');
    await expect(ServerProcess.start({ dataDir: newFolder })).rejects.toThrow('no space left on device');
    await server.restart();

    const connection = await RawConnection.open(server, 'chat', 'v2.bsatn.spacetimedb');
    await connection.next('InitialConnection');
    connection.send(subscription('SELECT * FROM message'));
    const { tables } = await connection.next('SubscribeApplied');
    expect(tables).toMatchObject([{ table: 'message' }]);
    expect(await rows(server, 'chat', 'SELECT text FROM message')).toEqual([['before']]);
    const backup = await request(server, 'POST', '/v1/database/chat/backups', { token: owner.token });
    expect(backup.status, await backup.text()).toBe(200);
    const logs = await request(server, 'GET', '/v1/database/chat/logs?num_lines=10', { token: owner.token });
    expect(logs.status).toBe(200);
    for (const refused of [
      await call(server, 'chat', 'send_message', ['no'], owner.token),
      await sql(server, 'chat', 'DELETE FROM message', owner.token),
    ]) {
      expect(refused.status).toBe(503);
      expect(await refused.text()).toContain("the database's disk is full");
    }

    // Its operator is told.
    await expect
      .poll(() => server.output, { timeout: 20_000 })
      .toMatch(/"level":50,.*the database's disk is full.*database opened to be read only/);

    rmSync(ballast);
    // What could not be made is made now.
    await using _ = await ServerProcess.start({ dataDir: newFolder });
    expect(await connection.closed).toEqual({ code: 1013, reason: expect.stringContaining('there is room') as string });
    // It is being opened, or is open.
    await expect
      .poll(async () => (await call(server, 'chat', 'send_message', ['after'], owner.token)).status, {
        timeout: 20_000,
      })
      .toBe(200);
    expect(await rows(server, 'chat', 'SELECT text FROM message')).toEqual([['before'], ['after']]);
    rmSync(elsewhere, { recursive: true, force: true });
  },
);

test.skipIf(disk.isSkipped)(
  'a disk that fills up under a database: it is opened anew to be read, and to delete another database gives room',
  { timeout: 120_000 },
  async () => {
    await using server = await ServerProcess.start({ dataDir: join(disk.folder, 'delete') });
    const owner = await newPerson(server);
    await publish(server, 'chat', 'quickstart-chat', owner.token);
    await publish(server, 'disk', 'test-module', owner.token);
    const ballast = join(disk.folder, 'ballast');
    fill(ballast);
    // It writes until the room is used up that was set aside, and hears the same at the first failure as later.
    const text = 'x'.repeat(1000);
    let refusal: Response | undefined;
    for (let i = 0; i < 2000 && refusal === undefined; i++) {
      const response = await call(server, 'chat', 'send_message', [text], owner.token);
      if (response.status !== 200) refusal = response;
    }
    await mustSayFull(refusal!);
    // It is opened again by itself; whoever comes while it ends hears why.
    await expect
      .poll(async () => (await sql(server, 'chat', 'SELECT text FROM message')).status, { timeout: 20_000 })
      .toBe(200);
    await mustSayFull(await call(server, 'chat', 'send_message', ['no'], owner.token));
    // The same but for a section that nobody reads.
    const program = Buffer.concat([readFileSync(modulePath('test-module')), Uint8Array.of(0, 2, 1, 120)]);
    for (const name of ['new', 'disk']) {
      await mustSayFull(
        await request(server, 'PUT', `/v1/database/${name}`, { body: program, token: owner.token }),
        'is full',
      );
    }

    const deletion = await request(server, 'DELETE', '/v1/database/disk', { token: owner.token });
    expect(deletion.status, await deletion.text()).toBe(200);
    await expect
      .poll(async () => (await call(server, 'chat', 'send_message', ['after'], owner.token)).status, {
        timeout: 20_000,
      })
      .toBe(200);
    rmSync(ballast);
    await server.kill();
    await server.restart();
    expect((await request(server, 'GET', '/v1/database/disk')).status).toBe(404);
    expect((await rows(server, 'chat', 'SELECT text FROM message')).at(-1)).toEqual(['after']);
  },
);

async function mustSayFull(response: Response, words = "the database's disk is full"): Promise<void> {
  const text = await response.text();
  expect(text).toContain(words);
  expect(response.status, text).toBe(503);
}

function subscription(query: string): Uint8Array {
  const subscribe = new ByteWriter();
  writeClientMessage(subscribe, { tag: 'Subscribe', requestId: 1, querySetId: 1, queries: [query] });
  return subscribe.finish();
}

/** Takes all that is left of the disk. */
function fill(path: string): void {
  const file = openSync(path, 'a');
  for (let size = 1024 * 1024; size >= 1; size = Math.floor(size / 2)) {
    try {
      for (;;) writeSync(file, new Uint8Array(size));
    } catch (error) {
      if ((error as { code?: string }).code !== 'ENOSPC') throw error;
    }
  }
  closeSync(file);
}
