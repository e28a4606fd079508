import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { readProjectConfig } from './project-config.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lightcone-project-'));
});

function write(name: string, text: string): void {
  writeFileSync(join(folder, name), text);
}

test('without a file nothing is said', () => {
  expect(readProjectConfig(folder)).toEqual({
    database: undefined,
    server: undefined,
    modulePath: undefined,
    breakClients: false,
  });
});

test('the nearest file above counts, and its paths begin where it lies', () => {
  write('spacetime.json', '{"module-path": "./spacetimedb", "server": "local", "break-clients": true}');
  const below = join(folder, 'a', 'b');
  mkdirSync(below, { recursive: true });
  expect(readProjectConfig(below)).toMatchObject({
    server: 'local',
    modulePath: join(folder, 'spacetimedb'),
    breakClients: true,
  });
});

test('files for a developer and for an environment lie over it, key by key', () => {
  write('spacetime.json', '{"server": "one", "database": "one", "module-path": "m"}');
  write('spacetime.local.json', '{"server": "two", "database": "two"}');
  write('spacetime.dev.json', '{"database": "three"}');
  expect(readProjectConfig(folder)).toMatchObject({ server: 'two', database: 'two' });
  expect(readProjectConfig(folder, 'dev')).toMatchObject({ server: 'two', database: 'three' });
  write('spacetime.dev.local.json', '{"server": "four"}');
  expect(readProjectConfig(folder, 'dev')).toMatchObject({ server: 'four', modulePath: join(folder, 'm') });
});

test('comments and trailing commas are allowed, and strings may look like them', () => {
  write('spacetime.json', '{ // which\n "server": "http://x", /* a\nb */ "database": "a,}", // end\n}');
  expect(readProjectConfig(folder)).toMatchObject({ server: 'http://x', database: 'a,}' });
});

test.each([
  { text: '{"server": 1}', message: '"server" is a string, found 1' },
  { text: '{"servr": "x"}', message: '"servr" is unknown, expected database, server, module-path, break-clients' },
  { text: '{"children": []}', message: '"children" is not supported here' },
  { text: '[]', message: 'expected an object' },
  { text: '{', message: 'is no JSON' },
])('$text is refused: $message', ({ text, message }) => {
  write('spacetime.json', text);
  expect(() => readProjectConfig(folder)).toThrow(
    expect.objectContaining({ code: 'CLI_INVALID_CONFIG', message: expect.stringContaining(message) as string }),
  );
});
