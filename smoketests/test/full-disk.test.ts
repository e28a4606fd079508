// The disk fills up while transactions commit: what was acknowledged stays, what cannot be written is not acknowledged.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { call, newPerson, publish, request, rows } from '../src/http.ts';
import { ServerProcess } from '../src/server-process.ts';
import { SmallDisk } from '../src/small-disk.ts';

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

  const acknowledged: number[] = [];
  let refusal: Response | undefined;
  for (let id = 0; refusal === undefined && id < 2 * diskMegabytes; id++) {
    const response = await call(server, 'disk', 'put_large', [id, 512 * 1024]);
    if (response.status === 200) acknowledged.push(id);
    else refusal = response;
  }
  expect(acknowledged.length).toBeGreaterThan(5);
  expect(refusal?.status).toBeGreaterThanOrEqual(500);
  expect(await refusal?.text()).toMatch(/./);

  // It says so at every further attempt, and still answers what needs no disk.
  expect((await call(server, 'disk', 'put_large', [1000, 1])).status).toBeGreaterThanOrEqual(500);
  expect((await request(server, 'GET', '/v1/ping')).status).toBe(200);

  await server.kill();
  // More room, as somebody who noticed would make.
  disk.resize(2 * diskMegabytes);
  await server.restart();
  const ids = (await rows(server, 'disk', 'SELECT id FROM large')).map(([id]) => Number(id));
  expect(ids).toEqual(expect.arrayContaining(acknowledged));
  expect((await call(server, 'disk', 'put_large', [1001, 1])).status).toBe(200);
});
