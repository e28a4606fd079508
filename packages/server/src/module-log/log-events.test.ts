import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fc, test as property } from '@fast-check/vitest';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { GAP_EVENT, LogEvents } from './log-events.ts';
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

interface Event {
  readonly data: string;
  readonly id: string;
}

function parse(stream: string): Event[] {
  return stream
    .split('\n\n')
    .slice(0, -1)
    .map((event) => {
      const [, data, id] = /^data: (.*)\nid: (\S+)$/u.exec(event) ?? [];
      expect(data, event).toBeDefined();
      return { data: data ?? '', id: id ?? '' };
    });
}

async function eventsAfter(log: ModuleLog, lastEventId: string | undefined): Promise<string> {
  return text(await log.readEvents(undefined, false, '7-', lastEventId));
}

describe.each(['in files', 'in memory'])('a log %s', (kind) => {
  const open = (): ModuleLog => new ModuleLog(kind === 'in files' ? folder : undefined, silent, now);

  test('goes on behind every event, without gap and without double', async () => {
    const log = open();
    for (const line of ['a\n', 'bb\nccc\n', '\n', 'é\n']) log.append(line);
    const all = parse(await eventsAfter(log, undefined));
    expect(all.map(({ data }) => data)).toEqual(['a', 'bb', 'ccc', '', 'é']);
    for (const [i, { id }] of all.entries()) expect(parse(await eventsAfter(log, id))).toEqual(all.slice(i + 1));
    log.append('later\n');
    const last = all.at(-1)?.id;
    expect(parse(await eventsAfter(log, last)).map(({ data }) => data)).toEqual(['later']);
    await log.close();
  });

  test.each(['8-2026-01-01.0', '7-2026-01-01.1', '7-2026-01-01.99', '7-2025-01-01.0', '7-', 'x', '7-../../x.0', ''])(
    'begins anew and says so when it does not know the event %j',
    async (id) => {
      const log = open();
      log.append('aa\nb\n');
      const stream = await eventsAfter(log, id);
      expect(stream.startsWith(GAP_EVENT)).toBe(true);
      expect(parse(stream.slice(GAP_EVENT.length)).map(({ data }) => data)).toEqual(['aa', 'b']);
      await log.close();
    },
  );

  test('gives the newest lines only to whom did not read before', async () => {
    const log = open();
    log.append('a\nb\nc\n');
    const [b] = parse(await text(await log.readEvents(2, false, '', undefined)));
    expect(b?.data).toBe('b');
    expect(parse(await text(await log.readEvents(0, false, '', b?.id))).map(({ data }) => data)).toEqual(['c']);
    await log.close();
  });
});

test('a client that comes back days later gets the lines of all days in between', async () => {
  const log = new ModuleLog(folder, silent, now);
  log.append('1\n2\n');
  const [first] = parse(await eventsAfter(log, undefined));
  for (const next of ['2026-01-02', '2026-01-05']) {
    day = next;
    log.append(`${next}\n`);
  }
  // Also after a restart of the server.
  await log.close();
  const again = new ModuleLog(folder, silent, now);
  const lines = parse(await eventsAfter(again, first?.id)).map(({ data }) => data);
  expect(lines).toEqual(['2', '2026-01-02', '2026-01-05']);
  await again.close();
});

test('a log in memory that began anew is another one', async () => {
  const log = new ModuleLog(undefined, silent, now);
  log.append('a\n');
  const [event] = parse(await eventsAfter(log, undefined));
  day = '2026-01-02';
  const again = new ModuleLog(undefined, silent, now);
  again.append('b\n');
  expect(await eventsAfter(again, event?.id)).toContain(GAP_EVENT);
});

test('something is sent while nothing is logged', async () => {
  const { keepAlive } = new LogEvents('', false);
  expect(keepAlive).toEqual({ text: ':\n\n', everyMs: 15_000 });
});

property.prop([fc.array(fc.stringMatching(/^[^\n\r]{0,20}$/u)), fc.array(fc.nat(30))])(
  'events are the same however the bytes were cut',
  (lines, cuts) => {
    const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
    const events = new LogEvents('', false);
    let at = 0;
    let stream = '';
    const chunks: Uint8Array[] = [];
    for (const cut of [...cuts, bytes.length]) {
      const piece = bytes.subarray(at, at + cut);
      chunks.push(events.encode({ position: { part: 'p', offset: at }, bytes: piece }));
      at += piece.length;
    }
    stream = Buffer.concat(chunks).toString();
    let offset = 0;
    const expected = lines.map((line) => {
      offset += Buffer.byteLength(line) + 1;
      return `data: ${line}\nid: p.${offset}\n\n`;
    });
    expect(stream).toBe(expected.join(''));
  },
);
