// A server is killed, its log damaged: verify says what and where, salvage saves the rest, and a server goes on with it.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Cli } from '../src/cli.ts';
import { call, newPerson, publish, rows } from '../src/http.ts';
import { ServerProcess } from '../src/server-process.ts';

test('a killed server, a damaged log, a salvage, and a start', { timeout: 120_000 }, async () => {
  await using server = await ServerProcess.start();
  const cli = new Cli(server, 'operator');
  const owner = await newPerson(server);
  await publish(server, 'people', 'person', owner.token);
  for (let i = 0; i < 30; i++) expect((await call(server, 'people', 'add', [`person ${i}`, i])).status).toBe(200);

  const whileRunning = await cli.runOffline('verify', server.dataDir);
  expect(whileRunning).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('is in use by a server') });

  await server.kill();
  const sound = await cli.runOffline('verify', server.dataDir);
  expect(sound, sound.stdout).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('sound') });

  // A flipped bit in the middle of the log.
  const segment = join(server.dataDir, 'replicas/1/clog/00000000000000000000.stdb.log');
  const bytes = readFileSync(segment);
  const commits: number[] = [];
  // Behind the last one are the zeros of room that was set aside.
  const isCommit = (at: number): boolean => at < bytes.length && bytes.readUInt16LE(at + 16) > 0;
  for (let at = 10; isCommit(at); at += 26 + bytes.readUInt32LE(at + 18)) commits.push(at);
  const damagedAt = commits.at(-5)!;
  bytes[damagedAt + 40]! ^= 1;
  writeFileSync(segment, bytes);

  const damaged = await cli.runOffline('verify', server.dataDir, '--json');
  expect(damaged.exitCode).toBe(1);
  const report = JSON.parse(damaged.stdout) as {
    findings: object[];
    replicas: { good: { cut: { endTxOffset: number } } }[];
  };
  const txOffset = Number(bytes.readBigUInt64LE(damagedAt));
  expect(report.findings).toEqual([
    expect.objectContaining({ severity: 'damage', code: 'LOG_DAMAGED', position: damagedAt, txOffset }),
  ]);
  expect(report.replicas[0]?.good.cut.endTxOffset).toBe(txOffset);

  const target = join(server.folder, 'saved');
  const salvage = await cli.runOffline('verify', server.dataDir, '--salvage', target);
  expect(salvage, salvage.stderr).toMatchObject({
    exitCode: 1, // something is lost with it
    stdout: expect.stringContaining(`0 to ${txOffset - 1}`),
    stderr: expect.stringContaining('Not everything'),
  });

  await using saved = await ServerProcess.start({ args: ['--data-dir', target, '--jwt-key-dir', server.keyDir] });
  const people = await rows(saved, 'people', 'SELECT name FROM person');
  expect(people.length).toBeGreaterThan(20);
  expect(people.length).toBeLessThan(30);
  expect(people.map(([name]) => name)).toEqual(people.map((_, i) => `person ${i}`));
  expect((await call(saved, 'people', 'add', ['someone new', 1])).status).toBe(200);
});
