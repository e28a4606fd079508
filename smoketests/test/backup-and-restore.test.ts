// docs/guide/backup-and-restore.md, with its own commands: an archive in a bucket, a server that is lost, and what comes back.
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cli } from '../src/cli.ts';
import type { CliResult } from '../src/cli.ts';
import { call, newPerson, publish, request, rows } from '../src/http.ts';
import type { Person } from '../src/http.ts';
import { isMissing } from '../src/needs.ts';
import { S3Server, VERSITYGW } from '../src/s3-server.ts';
import { ServerProcess } from '../src/server-process.ts';

const guide = readFileSync(new URL('../../docs/guide/backup-and-restore.md', import.meta.url), 'utf8');
const guideCommands = new Set(guide.match(/^spacetime .*$/gm));
const followed = new Set<string>();

/** The arguments of a command that the guide has, word for word; `replaced` says what of them is another here. */
function fromGuide(command: string, replaced: Readonly<Record<string, string>> = {}): string[] {
  expect([...guideCommands]).toContain(command);
  followed.add(command);
  return command
    .split(' ')
    .slice(1)
    .map((word) => replaced[word] ?? word);
}

/** Often, so that there are many pieces, several snapshots, and a log that loses its beginning. */
const CONFIG = `
[archive]
interval = "200ms"
[snapshots]
every-transactions = 300
keep = 1
[backup]
location = "s3://my-bucket/backups"
keep = 7
`;

describe.skipIf(isMissing(VERSITYGW))('backup and restore', () => {
  let s3: S3Server;
  let server: ServerProcess;
  let owner: Person;
  let cli: Cli;
  const folders: string[] = [];
  const confirmed: string[] = [];
  /** A moment, and how many had been confirmed by then. */
  const moment = { at: '', count: 0 };

  beforeAll(async () => {
    s3 = await S3Server.start();
    const [, , , ...args] = fromGuide('spacetime start --data-dir ./data --archive s3://my-bucket/lightcone');
    server = await ServerProcess.start({ args, env: s3.env, config: CONFIG });
    owner = await newPerson(server);
    cli = new Cli(server, 'owner', s3.env);
    await cli.login(owner.token);
    await publish(server, 'chat', 'person', owner.token);
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    await s3?.[Symbol.asyncDispose]();
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  async function add(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const name = `person ${confirmed.length}`;
      expect((await call(server, 'chat', 'add', [name, 36])).status).toBe(200);
      confirmed.push(name);
    }
  }

  const people = async (of: ServerProcess): Promise<string[]> =>
    (await rows(of, 'chat', 'SELECT name FROM person', owner.token)).map(([name]) => String(name)).toSorted(byNumber);

  async function metric(name: string): Promise<number | undefined> {
    const text = await (await request(server, 'GET', '/v1/metrics')).text();
    const value = new RegExp(`^${name}\\{.*\\} (\\S+)$`, 'm').exec(text)?.[1];
    return value === undefined ? undefined : Number(value);
  }

  /** Waits until the archive has everything that was durable when this was called. */
  async function untilArchived(): Promise<void> {
    const from = Date.now() / 1000;
    for (;;) {
      const at = await metric('lightcone_archive_last_success_timestamp_seconds');
      // A round that ended before may have begun before, so the next one counts.
      if (at !== undefined && at > from + 0.3 && (await metric('lightcone_archive_lag_transactions')) === 0) return;
      await pause(50);
    }
  }

  /** Restores into a new folder, with the keys of the server. */
  async function restore(command: string, replaced: Readonly<Record<string, string>> = {}) {
    const folder = mkdtempSync(join(tmpdir(), 'lightcone-restored-'));
    folders.push(folder);
    cpSync(server.keyDir, join(folder, 'keys'), { recursive: true });
    const args = fromGuide(command, {
      './restored': join(folder, 'data'),
      './rehearsal': join(folder, 'data'),
      ...replaced,
    });
    const result = await cli.runAlone(...args);
    return { folder, result };
  }

  /** Starts a server on what was restored, and asks it. */
  async function peopleIn(folder: string): Promise<string[]> {
    fromGuide('spacetime start --data-dir ./restored');
    await using restored = await ServerProcess.start({ dataDir: folder });
    return await people(restored);
  }

  test('an archive that goes away hinders nobody, and is caught up with', { timeout: 120_000 }, async () => {
    await add(120);
    await untilArchived();
    await s3.kill();
    await add(120);
    while (((await metric('lightcone_archive_failures_total')) ?? 0) === 0) await pause(50);
    await add(10);
    expect(await metric('lightcone_archive_lag_transactions')).toBeGreaterThan(0);
    expect(server.output).toContain('archive failed; it is tried again');
    await s3.restart();
    await untilArchived();
  });

  test('backups are made while transactions go on, listed, verified and restored', { timeout: 120_000 }, async () => {
    let isLoaded = true;
    const load = (async () => {
      while (isLoaded) await add(1);
    })();
    const before = confirmed.length;
    const created = await cli.run(...fromGuide('spacetime backup create chat'));
    expect(created).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^Backed up chat up to/) as string });
    const after = confirmed.length + 1;
    isLoaded = false;
    await load;
    expect((await cli.run(...fromGuide('spacetime backup list chat'))).stdout).toMatch(
      / backup-\d{8}T\d{6}Z-[0-9a-f]{8} /,
    );
    const verified = await cli.runAlone(...fromGuide('spacetime backup verify s3://my-bucket/backups'));
    expect(verified).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^good {2}chat {2}backup-/) as string,
    });
    const archive = await cli.runAlone(...fromGuide('spacetime backup verify s3://my-bucket/lightcone'));
    expect(archive).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^good {2}chat {2}archive-.* pieces of log and \d+ snapshots? up to/) as string,
    });
    const command = 'spacetime backup restore s3://my-bucket/backups --database chat --data-dir ./restored';
    const { folder, result } = await restore(command);
    expect(result).toMatchObject({ exitCode: 0 });
    const there = await peopleIn(folder);
    expect(there.length).toBeGreaterThanOrEqual(before);
    expect(there.length).toBeLessThanOrEqual(after);
    expect(there).toEqual(confirmed.slice(0, there.length));
  });

  test('a server and its disk are lost, and come back as they were', { timeout: 180_000 }, async () => {
    await add(20);
    moment.count = confirmed.length;
    await pause(20);
    moment.at = new Date().toISOString();
    await pause(20);
    await add(30);
    await untilArchived();
    await server.kill();
    rmSync(server.dataDir, { recursive: true });

    const latest = await restore('spacetime restore s3://my-bucket/lightcone --data-dir ./restored');
    const txOffset = lastTransactionIn(latest.result);
    expect(await peopleIn(latest.folder)).toEqual(confirmed);

    const byTime = await restore(
      'spacetime restore s3://my-bucket/lightcone --data-dir ./restored --database chat --to-time 2026-11-26T21:15:00Z',
      { '2026-11-26T21:15:00Z': moment.at },
    );
    expect(byTime.result).toMatchObject({ exitCode: 0 });
    expect(await peopleIn(byTime.folder)).toEqual(confirmed.slice(0, moment.count));

    // Each call over HTTP is three transactions: somebody comes, calls, and goes.
    const byOffset = await restore(
      'spacetime restore s3://my-bucket/lightcone --data-dir ./restored --database chat --to-offset 41232',
      { 41232: String(txOffset - 3 * 25) },
    );
    expect(lastTransactionIn(byOffset.result)).toBe(txOffset - 3 * 25);
    expect(await peopleIn(byOffset.folder)).toEqual(confirmed.slice(0, -25));
  });

  test('one database goes back to a moment, among the others of its server', { timeout: 120_000 }, async () => {
    const { folder, result } = await restore('spacetime restore s3://my-bucket/lightcone --data-dir ./restored');
    expect(result).toMatchObject({ exitCode: 0 });
    {
      await using there = await ServerProcess.start({ dataDir: folder });
      await publish(there, 'other', 'person', owner.token);
    }
    const command =
      'spacetime restore s3://my-bucket/lightcone --data-dir ./data --database chat --to-time 2026-11-26T21:15:00Z --replace';
    const replaced = { './data': join(folder, 'data'), '2026-11-26T21:15:00Z': moment.at };
    const refused = await cli.runAlone(...fromGuide(command, replaced).filter((word) => word !== '--replace'));
    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('--replace') as string });
    const { exitCode, stdout } = await cli.runAlone(...fromGuide(command, replaced));
    expect(exitCode).toBe(0);
    expect(stdout).toContain(join('replicas', '1'));
    await using server = await ServerProcess.start({ dataDir: folder });
    expect(await people(server)).toEqual(confirmed.slice(0, moment.count));
    expect(await rows(server, 'other', 'SELECT name FROM person', owner.token)).toEqual([]);
  });

  test(
    'the restored server can be archived to the same place, and be brought back again',
    { timeout: 120_000 },
    async () => {
      const { folder, result } = await restore('spacetime restore s3://my-bucket/lightcone --data-dir ./rehearsal');
      expect(result).toMatchObject({ exitCode: 0 });
      const [, , , ...args] = fromGuide('spacetime start --data-dir ./rehearsal --listen-addr 127.0.0.1:3999', {
        '127.0.0.1:3999': '127.0.0.1:0',
      });
      expect(args).toEqual(['--listen-addr', '127.0.0.1:0']);
      await using second = await ServerProcess.start({
        dataDir: folder,
        args: ['--archive', 's3://my-bucket/lightcone'],
        env: s3.env,
      });
      expect((await call(second, 'chat', 'add', ['somebody new', 1])).status).toBe(200);
      // A stop brings the rest to the archive.
      expect(await second.stop()).toBe(0);
      const again = await restore('spacetime restore s3://my-bucket/lightcone --data-dir ./restored');
      expect(await peopleIn(again.folder)).toContain('somebody new');
    },
  );

  test('what cannot be is refused in a sentence', async () => {
    const fails = async (command: string, replaced: Readonly<Record<string, string>>): Promise<string> => {
      const { result } = await restore(command, replaced);
      expect(result.exitCode).toBe(1);
      return result.stderr;
    };
    const toOffset =
      'spacetime restore s3://my-bucket/lightcone --data-dir ./restored --database chat --to-offset 41232';
    expect(await fails(toOffset, { 41232: '99999999' })).toMatch(
      /it ends with transaction \d+, and 99999999 is asked for/,
    );
    expect(await fails(toOffset, { chat: 'nobody' })).toContain('there is no copy of the database nobody');
    expect(await fails(toOffset, { 's3://my-bucket/lightcone': 's3://no-bucket/x' })).toContain('NoSuchBucket');
    const toTime =
      'spacetime restore s3://my-bucket/lightcone --data-dir ./restored --database chat --to-time 2026-11-26T21:15:00Z';
    expect(await fails(toTime, { '2026-11-26T21:15:00Z': 'yesterday' })).toContain(
      '--to-time "yesterday": expected a moment',
    );
  });

  test('every command of the guide was run', () => {
    expect([...guideCommands].filter((command) => !followed.has(command))).toEqual([]);
  });
});

function lastTransactionIn({ stdout, stderr, exitCode }: CliResult): number {
  expect([exitCode, stderr]).toEqual([0, expect.stringContaining('Restoring chat from ')]);
  return Number(/up to transaction (\d+):/.exec(stdout)?.[1]);
}

function byNumber(a: string, b: string): number {
  return Number(a.slice(7)) - Number(b.slice(7));
}

function pause(ms: number): Promise<void> {
  return new Promise((done) => {
    setTimeout(done, ms);
  });
}
