import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LogNotThere } from './log-store.ts';
import { ModuleLog } from './module-log.ts';

const silent = pino({ level: 'silent' });
let folder: string;
let day = '2026-01-01';
const now = (): Date => new Date(`${day}T12:00:00Z`);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lightcone-log-'));
  day = '2026-01-01';
});
afterEach(() => rm(folder, { recursive: true }));

async function readText(reading: Promise<Readable>): Promise<string> {
  return text(await reading);
}

/** The first characters of a stream that does not end. */
async function readSome(stream: Readable, length: number): Promise<string> {
  let seen = '';
  for await (const chunk of stream) {
    seen += String(chunk);
    if (seen.length >= length) break;
  }
  return seen;
}

describe.each(['in files', 'in memory'])('a log %s', (kind) => {
  const open = (): ModuleLog => new ModuleLog(kind === 'in files' ? join(folder, 'logs') : undefined, silent, now);

  test('gives back all lines, or the newest', async () => {
    const log = open();
    log.append('a\nb\n');
    log.append('c\n');
    expect(await readText(log.read(undefined, false))).toBe('a\nb\nc\n');
    expect(await readText(log.read(2, false))).toBe('b\nc\n');
    expect(await readText(log.read(9, false))).toBe('a\nb\nc\n');
    expect(await readText(log.read(0, false))).toBe('');
    await log.close();
  });

  test('that is followed gives each line once: before, while and after the past is read', async () => {
    const log = open();
    log.append('1\n');
    log.append('2\n');
    const following = await log.read(1, true);
    log.append('3\n');
    setTimeout(() => log.append('4\n'), 20);
    expect(await readSome(following, 6)).toBe('2\n3\n4\n');
    await log.close();
  });

  test('ends its followers when it closes', async () => {
    const log = open();
    log.append('1\n');
    const following = readText(log.read(undefined, true));
    log.append('2\n');
    await log.close();
    expect(await following).toBe('1\n2\n');
  });
});

test('each UTC day has its file, and a read gives today’s', async () => {
  const log = new ModuleLog(folder, silent, now);
  log.append('old\n');
  await readText(log.read(undefined, false));
  day = '2026-01-02';
  log.append('new\n');
  expect(await readText(log.read(undefined, false))).toBe('new\n');
  expect((await readdir(folder)).toSorted()).toEqual(['2026-01-01.log', '2026-01-02.log']);
  expect(await readFile(join(folder, '2026-01-01.log'), 'utf8')).toBe('old\n');
  await log.close();
});

test('the newest lines are found in a file longer than one block', async () => {
  const log = new ModuleLog(folder, silent, now);
  const lines = Array.from({ length: 30_000 }, (_, i) => `line ${i}\n`);
  log.append(lines.join(''));
  expect(await readText(log.read(20_000, false))).toBe(lines.slice(10_000).join(''));
  await log.close();
});

test('memory keeps the newest 16 MiB', async () => {
  const log = new ModuleLog(undefined, silent, now);
  const line = `${'x'.repeat(1024 * 1024 - 1)}\n`;
  for (let i = 0; i < 20; i++) log.append(line);
  expect((await readText(log.read(undefined, false))).length).toBe(16 * 1024 * 1024);
});

test('many short lines in memory are read in few pieces, also while more come', async () => {
  const log = new ModuleLog(undefined, silent, now);
  const lines = Array.from({ length: 20_000 }, (_, i) => `line ${i}\n`);
  for (const line of lines.slice(0, 10_001)) log.append(line);
  const reading = (await log.read(undefined, true)) as AsyncIterable<Buffer>;
  const pieces: string[] = [];
  for await (const piece of reading) {
    if (pieces.length === 0) for (const line of lines.slice(10_001)) log.append(line);
    pieces.push(piece.toString());
    if (pieces.at(-1)?.endsWith(lines.at(-1)!)) break; // it has lines
  }
  expect(pieces.join('')).toBe(lines.join(''));
  expect(pieces.length).toBeLessThan(20);
});

test('a day’s file has a bound, says so, and the next day has room again', async () => {
  const log = new ModuleLog(folder, silent, now, 100);
  for (let i = 0; i < 10; i++) {
    log.append(`${'x'.repeat(49)}\n`);
    await readText(log.read(0, false));
  }
  const lines = (await readText(log.read(undefined, false))).trimEnd().split('\n');
  expect(lines).toHaveLength(4);
  expect(lines[3]).toContain('the log of this day is full');
  await log.close();
  // Also for who opens it again.
  const again = new ModuleLog(folder, silent, now, 100);
  again.append('one more\n');
  expect(await readText(again.read(undefined, false))).not.toContain('one more');
  day = '2026-01-02';
  again.append('new\n');
  expect(await readText(again.read(undefined, false))).toBe('new\n');
  await again.close();
});

test('the newest fourteen files are kept, and nothing else is touched', async () => {
  const names = Array.from({ length: 20 }, (_, i) => `2025-12-${String(i + 10)}.log`);
  for (const name of [...names, 'notes.txt']) await writeFile(join(folder, name), 'old\n');
  const log = new ModuleLog(folder, silent, now);
  log.append('new\n');
  await readText(log.read(undefined, false));
  expect((await readdir(folder)).toSorted()).toEqual([...names.slice(7), '2026-01-01.log', 'notes.txt']);
  await log.close();
});

test('a log in memory without lines gives none; one in files without its folder says so', async () => {
  const inMemory = new ModuleLog(undefined, silent, now);
  expect(await readText(inMemory.read(undefined, false))).toBe('');
  expect(await readText(inMemory.read(5, false))).toBe('');
  await rm(folder, { recursive: true });
  await expect(new ModuleLog(folder, silent, now).read(undefined, false)).rejects.toBeInstanceOf(LogNotThere);
  await mkdir(folder);
  expect(await readText(new ModuleLog(folder, silent, now).read(undefined, false))).toBe('');
});

test('a follower that does not read holds one piece, and gets all lines when it does', async () => {
  const log = new ModuleLog(folder, silent, now);
  log.append(`${'past'.repeat(100_000)}\n`);
  const following = await log.read(undefined, true);
  following.read(0);
  const line = `${'x'.repeat(99_999)}\n`;
  for (let i = 0; i < 100; i++) log.append(line);
  await readText(log.read(0, false));
  expect(following.readableLength).toBeLessThanOrEqual(64 * 1024);
  await log.close();
  expect((await text(following)).length).toBe(400_001 + 100 * line.length);
});

test('a follower goes from one day to the next', async () => {
  const log = new ModuleLog(folder, silent, now);
  log.append('first\n');
  const following = readText(log.read(undefined, true));
  await readText(log.read(0, false));
  day = '2026-01-03';
  log.append('second\n');
  await log.close();
  expect(await following).toBe('first\nsecond\n');
});

test('half a line, which a crash left, ends before the next line', async () => {
  await writeFile(join(folder, '2026-01-01.log'), 'whole\nha');
  const log = new ModuleLog(folder, silent, now);
  log.append('next\n');
  expect(await readText(log.read(undefined, false))).toBe('whole\nha\nnext\n');
  await log.close();
});
