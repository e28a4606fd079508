import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Finding } from '../src/verification/directory-report.ts';
import { verifyModuleLogs } from '../src/verification/verify-module-logs.ts';

let work: string;
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'lightcone-module-logs-'));
});
afterAll(() => rm(work, { recursive: true }));

/** What is told of one file. */
async function verified(text: string, bytes?: number): Promise<readonly string[]> {
  const folder = await mkdtemp(join(work, 'logs-'));
  await mkdir(join(folder, 'module_logs'));
  await writeFile(join(folder, 'module_logs/2026-11-26.log'), text);
  if (bytes !== undefined) await truncate(join(folder, 'module_logs/2026-11-26.log'), bytes);
  const findings: Finding[] = [];
  await verifyModuleLogs(folder, 'module_logs', findings);
  return findings.map(({ severity, message }) => `${severity}: ${message}`);
}

const LONG = JSON.stringify({ message: 'ü'.repeat(200_000) });

test.each([
  { what: 'nothing', text: '', line: undefined },
  { what: 'lines of JSON', text: `{"a":1}\n${LONG}\n{"a":2}\n`, line: undefined },
  { what: 'a last line without an end', text: '{"a":1}\n{"a":2}', line: undefined },
  { what: 'empty lines', text: '\n\n{"a":1}\n\n', line: undefined },
  { what: 'a line that was cut off', text: `{"a":1}\n${LONG.slice(0, -9)}`, line: 2 },
  { what: 'a line of something else', text: '{"a":1}\n{"a":2}\nx\n{"a":3}\n', line: 3 },
])('$what', async ({ text, line }) => {
  const told = line === undefined ? [] : [`note: line ${line} is no JSON, as the last one is when a server is killed`];
  expect(await verified(text)).toEqual(told);
});

test('a file that says it has gigabytes in one line is not brought into memory', async () => {
  expect(await verified('{"a":1}\n', 2 ** 32)).toEqual([
    'note: line 2 is no JSON, as the last one is when a server is killed',
  ]);
});
