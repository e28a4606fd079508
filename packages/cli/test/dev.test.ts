import { mkdirSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCli } from '../src/run-cli.ts';
import { FakeCompilers } from './fake-compilers.ts';
import { FakeServer } from './fake-server.ts';
import { DATABASE, ISSUED, TestUser } from './run.ts';
import { TestTerminal } from './test-terminal.ts';

const UPDATED = JSON.stringify({ Success: { domain: 'chat', database_identity: DATABASE, op: 'updated' } });
const AUTO = { migrate_plan: 'nothing to do', break_clients: false, token: '0x1', major_version_upgrade: false };
const MANUAL = { reason: 'the column is gone', major_version_upgrade: false };

let user: TestUser;
let terminal: TestTerminal;
let server: FakeServer;
let plan: object;
let logs: ServerResponse[];

beforeEach(async () => {
  user = new TestUser();
  terminal = new TestTerminal(user.home);
  terminal.environment = { PATH: new FakeCompilers(user.home).addRust().folder };
  mkdirSync(join(user.home, 'spacetimedb', 'src'), { recursive: true });
  writeFileSync(join(user.home, 'spacetimedb', 'Cargo.toml'), '');
  plan = { AutoMigrate: AUTO };
  logs = [];
  server = await FakeServer.start({
    'POST /v1/identity': JSON.stringify(ISSUED),
    'POST /v1/database/chat/pre_publish': (response) => response.end(JSON.stringify(plan)),
    'PUT /v1/database/chat': UPDATED,
    [`GET /v1/database/${DATABASE}/logs`]: (response) => {
      response.writeHead(200, { 'content-type': 'application/x-ndjson' });
      response.write('{"level":"Info","ts":1,"message":"hello from the module","function":"init"}\n');
      logs.push(response);
    },
  });
  writeFileSync(join(user.home, 'spacetime.json'), JSON.stringify({ database: 'chat', server: server.url }));
});

afterEach(() => server[Symbol.asyncDispose]());

function save(source: string): void {
  writeFileSync(join(user.home, 'spacetimedb', 'src', 'lib.rs'), source);
}

/** Waits for the next line beside the log that contains this, and takes everything up to it. */
async function noted(part: string): Promise<string> {
  await terminal.until(() => terminal.noted.includes(part));
  const end = terminal.noted.indexOf(part) + part.length;
  const taken = terminal.noted.slice(0, end);
  terminal.noted = terminal.noted.slice(end);
  return taken;
}

function programs(): string[] {
  return server.requests.filter(({ method }) => method === 'PUT').map(({ body }) => body);
}

const WATCHING = 'Watching for changes';

test('each saved change is published, mistakes are told, and the log is printed', async () => {
  save('one');
  const running = runCli(['dev'], terminal);
  await noted('Updated database with name: chat');
  await noted(WATCHING);
  await terminal.until(() => terminal.printed.includes('hello from the module'));

  save('a mistake');
  expect(await noted(WATCHING)).toContain('error: there is a mistake');
  save('two');
  await noted(WATCHING);
  save('two');
  expect(await noted(WATCHING)).toContain('The module is as it was.');
  expect(programs()).toEqual(['one', 'two']);
  expect(logs).toHaveLength(1);

  terminal.stop();
  expect(await running).toBe(0);
});

test.each([
  { args: [], answers: ['y'], clears: true },
  { args: [], answers: ['n'], clears: false },
  { args: ['--yes'], answers: [], clears: true },
  { args: ['--delete-data=never'], answers: [], clears: false },
])('a change that cannot keep the data, with $args and $answers', async ({ args, answers, clears }) => {
  plan = { ManualMigrate: MANUAL };
  save('one');
  terminal.answers = answers;
  const running = runCli(['dev', ...args], terminal);
  const said = await noted(WATCHING);
  expect(said).toContain('the column is gone');
  const puts = server.seen.filter((line) => line.startsWith('PUT'));
  expect(puts).toEqual(clears ? ['PUT /v1/database/chat?host_type=Wasm&clear=true'] : []);
  // It goes on all the same.
  plan = { AutoMigrate: AUTO };
  save('two');
  await noted('Updated database');
  terminal.stop();
  expect(await running).toBe(0);
});

test('a server that cannot be reached at first ends it, with what to do', async () => {
  save('one');
  const exitCode = await runCli(['dev', '--server', 'http://127.0.0.1:1'], terminal);
  expect(exitCode).toBe(1);
  expect(terminal.noted).toContain('spacetime start');
});

test('without a database there is nothing to publish to', async () => {
  save('one');
  expect(await runCli(['dev', '--no-config'], terminal)).toBe(1);
  expect(terminal.noted).toContain('which database?');
});
