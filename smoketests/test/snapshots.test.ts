// A busy server takes snapshots and lets go of its old log; it is killed, its newest snapshot damaged: nothing is lost.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Cli } from '../src/cli.ts';
import { call, newPerson, publish, rows } from '../src/http.ts';
import { ServerProcess } from '../src/server-process.ts';

const CALLS_AT_ONCE = 16;
/** Each is three transactions: somebody comes, calls, and goes. */
const MAX_CALLS = 8000;

test('a log that loses its beginning, a kill, a damaged snapshot', { timeout: 180_000 }, async () => {
  await using server = await ServerProcess.start({ config: '[snapshots]\nevery-transactions = 300\nkeep = 2\n' });
  const replica = join(server.dataDir, 'replicas/1');
  const segments = (): string[] => namesIn(join(replica, 'clog'), '.stdb.log');
  const snapshots = (): string[] => namesIn(join(replica, 'snapshots'), '.snapshot');
  const owner = await newPerson(server);
  await publish(server, 'people', 'person', owner.token);

  const confirmed: string[] = [];
  let calls = 0;
  const addUntil = async (isEnough: () => boolean): Promise<void> => {
    const worker = async (): Promise<void> => {
      while (calls < MAX_CALLS && !isEnough()) {
        const name = `person ${calls++}`;
        expect((await call(server, 'people', 'add', [name, calls % 100])).status).toBe(200);
        confirmed.push(name);
      }
    };
    await Promise.all(Array.from({ length: CALLS_AT_ONCE }, worker));
  };
  const people = async (): Promise<string[]> =>
    (await rows(server, 'people', 'SELECT name FROM person')).map(([name]) => String(name)).toSorted();

  await addUntil(() => Number(segments()[0]?.slice(0, 20)) > 0);
  const [firstSegment] = segments();
  expect(Number(firstSegment!.slice(0, 20))).toBeGreaterThan(0);
  expect(snapshots().length).toBeGreaterThanOrEqual(2);
  // In the middle of things, more often than not of a snapshot.
  await addUntil(() => snapshots().length > 2 || calls % 500 === 0);
  await server.kill();
  const sound = await new Cli(server, 'operator').runOffline('verify', server.dataDir);
  expect(sound, sound.stdout).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('sound') });
  await server.restart();
  expect(await people()).toEqual(confirmed.toSorted());

  const seen = new Set<string>();
  await addUntil(() => {
    for (const name of snapshots()) seen.add(name);
    return seen.size > 4;
  });
  await server.kill();
  const newest = join(replica, 'snapshots', snapshots().at(-1)!);
  const manifest = readFileSync(newest);
  manifest[manifest.length >> 1]! ^= 1;
  writeFileSync(newest, manifest);
  await server.restart();
  expect(await people()).toEqual(confirmed.toSorted());
  expect(namesIn(join(replica, 'snapshots'), '.snapshot.invalid')).toHaveLength(1);
  expect(segments().length).toBeLessThan(10); // it levels off
  expect((await call(server, 'people', 'add', ['someone new', 1])).status).toBe(200);
});

function namesIn(folder: string, ending: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(ending))
      .toSorted();
  } catch {
    return []; // before there is one
  }
}
