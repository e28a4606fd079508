// `spacetime subscribe` against a real server.
import { fileURLToPath } from 'node:url';
import { startServer } from '@lightcone/server';
import type { RunningServer } from '@lightcone/server';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { runCli } from '../src/run-cli.ts';
import { TestUser } from './run.ts';
import type { CliRun } from './run.ts';
import { TestTerminal } from './test-terminal.ts';

const LABELS = 'SELECT * FROM label';

let server: RunningServer;
const user = new TestUser();

beforeAll(async () => {
  server = await startServer({ listenAddress: '127.0.0.1:0' });
  await publish('labels', 'test-module');
  await publish('views', 'views');
}, 60_000);
afterAll(() => server.close());
beforeEach(() => succeed('sql', 'labels', 'DELETE FROM label'));

async function succeed(...args: readonly string[]): Promise<void> {
  const { exitCode, noted } = await user.run([...args, '-s', server.url]);
  expect([exitCode, noted]).toEqual([0, expect.anything()]);
}

function publish(name: string, module: string): Promise<void> {
  const path = fileURLToPath(new URL(`../../../modules/${module}/${module}.wasm`, import.meta.url));
  return succeed('publish', name, '--bin-path', path, '-y');
}

/** A `subscribe` that goes on while other commands run. */
function subscribe(...args: readonly string[]): {
  terminal: TestTerminal;
  lines: () => Promise<string>;
  run: Promise<CliRun>;
} {
  const terminal = new TestTerminal(user.home);
  const printed: string[] = [];
  let wake = (): void => undefined;
  terminal.onPrint = (line) => {
    printed.push(line);
    wake();
  };
  const run = runCli(['subscribe', ...args, '-s', server.url], terminal).then((exitCode) => ({
    exitCode,
    printed: terminal.printed,
    noted: terminal.noted,
  }));
  const lines = async (): Promise<string> => {
    while (printed.length === 0) {
      const ended = await Promise.race([run, new Promise<void>((resolve) => (wake = resolve))]);
      if (ended !== undefined && printed.length === 0) throw new Error(`it has ended: ${ended.noted}`);
    }
    return printed.shift()!; // it has one
  };
  return { terminal, lines, run };
}

test('--print-initial-update begins with the rows, and each transaction is a line of objects by column', async () => {
  await succeed('sql', 'labels', 'INSERT INTO label (id, text) VALUES (1, \'a "b"\')');
  const { lines, run } = subscribe('labels', LABELS, '--print-initial-update', '-n', '2');
  expect(await lines()).toBe('{"label":{"deletes":[],"inserts":[{"id":1,"text":"a \\"b\\""}]}}');
  await succeed('sql', 'labels', "UPDATE label SET text = 'c'");
  await succeed('sql', 'labels', 'DELETE FROM label');
  expect(await run).toEqual({
    exitCode: 0,
    printed: [
      '{"label":{"deletes":[],"inserts":[{"id":1,"text":"a \\"b\\""}]}}',
      '{"label":{"deletes":[{"id":1,"text":"a \\"b\\""}],"inserts":[{"id":1,"text":"c"}]}}',
      '{"label":{"deletes":[{"id":1,"text":"c"}],"inserts":[]}}',
      '',
    ].join('\n'),
    noted: '',
  });
});

test('several queries share the line of a transaction, and events are inserts', async () => {
  const { lines, run } = subscribe('labels', LABELS, 'SELECT * FROM notice', '--print-initial-update', '-n', '2');
  expect(await lines()).toBe('{}');
  await succeed('call', 'labels', 'notify', 'now');
  await succeed('call', 'labels', 'add_label', 'x');
  expect(await lines()).toBe('{"notice":{"deletes":[],"inserts":[{"text":"now"}]}}');
  expect(await lines()).toMatch(/^\{"label":\{"deletes":\[\],"inserts":\[\{"id":\d+,"text":"x"\}\]\}\}$/u);
  expect((await run).exitCode).toBe(0);
});

test('views are read by what they return: a list, an option or a query', async () => {
  const views = ['strongest_player', 'player_count', 'all_names', 'all_teams'].map((view) => `SELECT * FROM ${view}`);
  await succeed('call', 'views', 'put_team', '7', 'red', 'true');
  const { lines, run } = subscribe('views', ...views, '--print-initial-update', '-n', '1');
  expect(JSON.parse(await lines())).toEqual({
    player_count: { deletes: [], inserts: [{ players: 0, teams: 1 }] },
    all_teams: { deletes: [], inserts: [{ id: 7, name: 'red', is_open: true }] },
  });
  await succeed('call', 'views', 'join', 'Ann', '3', '7');
  expect(JSON.parse(await lines())).toEqual({
    strongest_player: { deletes: [], inserts: [expect.objectContaining({ name: 'Ann', level: 3, team_id: 7 })] },
    player_count: { deletes: [{ players: 0, teams: 1 }], inserts: [{ players: 1, teams: 1 }] },
    all_names: { deletes: [], inserts: [{ name: 'Ann' }] },
  });
  expect((await run).exitCode).toBe(0);
});

test('-n 0 ends at once, with the rows if they are asked for', async () => {
  expect(await subscribe('labels', LABELS, '-n', '0').run).toEqual({ exitCode: 0, printed: '', noted: '' });
  const { run } = subscribe('labels', LABELS, '-n', '0', '--print-initial-update', '--confirmed', 'false');
  expect(await run).toEqual({ exitCode: 0, printed: '{}\n', noted: '' });
});

test('-t ends it after so long, and says so beside the output', async () => {
  expect(await subscribe('labels', LABELS, '-t', '1').run).toEqual({
    exitCode: 0,
    printed: '',
    noted: 'timed out after 1s\n',
  });
});

test('whoever asks it to stop ends it without a complaint', async () => {
  const { terminal, lines, run } = subscribe('labels', LABELS, '--print-initial-update');
  await lines();
  terminal.stop();
  expect(await run).toEqual({ exitCode: 0, printed: '{}\n', noted: '' });
});

test('the end of the database is the end, and an error where updates were still wanted', async () => {
  await publish('passing', 'test-module');
  const patient = subscribe('passing', LABELS, '--print-initial-update');
  const counting = subscribe('passing', LABELS, '--print-initial-update', '-n', '3');
  await Promise.all([patient.lines(), counting.lines()]);
  await succeed('call', 'passing', 'add_label', 'x');
  await Promise.all([patient.lines(), counting.lines()]);
  await succeed('delete', 'passing', '-y');
  expect(await patient.run).toMatchObject({ exitCode: 0, noted: '' });
  expect(await counting.run).toMatchObject({ exitCode: 1, noted: expect.stringContaining('after 1 of 3 updates') });
});

test.each([
  { what: 'an unknown database', args: ['nobody', LABELS], noted: 'failed to find database `nobody`.' },
  { what: 'an unknown table', args: ['labels', 'SELECT * FROM nope'], noted: 'no such table: `nope`' },
  { what: 'a column', args: ['labels', 'SELECT id FROM label'], noted: 'Column projections are not supported' },
  {
    what: 'a private table',
    args: ['labels', 'SELECT * FROM secret', '--anonymous'],
    noted: 'no such table: `secret`',
  },
  { what: 'no query', args: ['labels'], noted: "missing required argument 'query'" },
  { what: 'no number', args: ['labels', LABELS, '-n', 'x'], noted: 'expected a whole number.' },
  { what: 'a time that no timer has', args: ['labels', LABELS, '-t', '9999999'], noted: 'seconds at most' },
  {
    what: 'a system table',
    args: ['labels', 'SELECT * FROM st_table', '--print-initial-update'],
    noted: 'describes no table `st_table`',
  },
])('$what is refused in words', async ({ args, noted }) => {
  expect(await subscribe(...args).run).toEqual({ exitCode: 1, printed: '', noted: expect.stringContaining(noted) });
});
