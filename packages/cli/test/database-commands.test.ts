import { expect, test } from 'vitest';
import { identityOfToken } from '../src/login-token.ts';
import { runCli } from '../src/run-cli.ts';
import { FakeServer } from './fake-server.ts';
import type { FakeAnswer } from './fake-server.ts';
import { DATABASE, ISSUED, TestUser } from './run.ts';
import { TestTerminal } from './test-terminal.ts';

const OWN = `/v1/database/${DATABASE}`;

const SCHEMA = JSON.stringify({
  sections: [
    { Typespace: { types: [{ Product: { elements: [{ name: { some: 'x' }, algebraic_type: { U32: [] } }] } }] } },
    { Types: [{ source_name: { scope: [], source_name: 'Point' }, ty: 0, custom_ordering: true }] },
    { Tables: [{ source_name: 'Dot', product_type_ref: 0, primary_key: [] }] },
    {
      Reducers: [
        reducer('say', [
          ['text', { String: [] }],
          ['times', { U32: [] }],
        ]),
        reducer('moveTo', [['point', { Ref: 0 }]]),
        reducer('init', []),
      ],
    },
    {
      Procedures: [
        { source_name: 'sum', params: { elements: [] }, return_type: { U32: [] }, visibility: { ClientCallable: [] } },
      ],
    },
    { LifeCycleReducers: [{ lifecycle_spec: { Init: [] }, function_name: 'init' }] },
    {
      ExplicitNames: {
        entries: [
          { Table: { source_name: 'Dot', canonical_name: 'dot' } },
          { Function: { source_name: 'moveTo', canonical_name: 'move_to' } },
        ],
      },
    },
  ],
});

function reducer(name: string, params: readonly (readonly [string, object])[]): object {
  const elements = params.map(([param, type]) => ({ name: { some: param }, algebraic_type: type }));
  return { source_name: name, params: { elements }, visibility: { ClientCallable: [] } };
}

function chatServer(answers: Readonly<Record<string, FakeAnswer>>): Promise<FakeServer> {
  return FakeServer.start({
    'POST /v1/identity': JSON.stringify(ISSUED),
    'GET /v1/database/chat/identity': DATABASE,
    [`GET ${OWN}/schema`]: SCHEMA,
    ...answers,
  });
}

test('call sends the arguments as JSON under the name that clients use', async () => {
  await using server = await chatServer({
    [`POST ${OWN}/call/say`]: '',
    [`POST ${OWN}/call/move_to`]: '',
    [`POST ${OWN}/call/sum`]: '42',
  });
  const user = new TestUser();
  const runs = [
    ['say', 'hello "you"', '3'],
    ['say', '5', '-5'],
    ['say', '"quoted"', 'no number'],
    ['moveTo', '{"x":1}'],
    ['move_to', '[1]'],
    ['sum'],
  ];
  for (const args of runs) expect((await user.run(['call', 'chat', ...args, '-s', server.url])).exitCode).toBe(0);
  const calls = server.requests.filter(({ method, url }) => method === 'POST' && url.includes('/call/'));
  expect(calls.map(({ url, body }) => `${url.slice(OWN.length)} ${body}`)).toEqual([
    '/call/say ["hello \\"you\\"",3]',
    '/call/say ["5",-5]',
    '/call/say ["quoted","no number"]',
    '/call/move_to [{"x":1}]',
    '/call/move_to [[1]]',
    '/call/sum []',
  ]);
  expect(calls.every(({ contentType }) => contentType === 'application/json')).toBe(true);
});

test('call prints what a procedure returns, and nothing of a reducer', async () => {
  await using server = await chatServer({ [`POST ${OWN}/call/say`]: '', [`POST ${OWN}/call/sum`]: '[1,"a"]' });
  const user = new TestUser();
  expect((await user.run(['call', 'chat', 'say', 'a', '1', '-s', server.url])).printed).toBe('');
  expect((await user.run(['call', 'chat', 'sum', '-s', server.url])).printed).toBe('[1,"a"]\n');
});

test('call refuses an unknown name without calling, and hints', async () => {
  await using server = await chatServer({});
  const { exitCode, noted } = await new TestUser().run(['call', 'chat', 'moveto', '-s', server.url]);
  expect(exitCode).toBe(1);
  expect(noted).toContain(
    `No such reducer OR procedure \`moveto\` for database \`chat\` resolving to identity \`${DATABASE}\`.`,
  );
  expect(noted).toContain('Did you mean `move_to`?');
  expect(noted).toContain('Here are some existing reducers:\n- say\n- move_to\n- sum\n');
  expect(server.seen.some((line) => line.includes('/call/'))).toBe(false);
});

test('call shows the signature when arguments are refused, and the message of a reducer that failed', async () => {
  await using server = await chatServer({
    [`POST ${OWN}/call/move_to`]: { status: 400, body: 'invalid arguments for reducer move_to: no' },
    [`POST ${OWN}/call/say`]: { status: 530, body: 'not so loud' },
  });
  const user = new TestUser();
  const refused = await user.run(['call', 'chat', 'move_to', '-s', server.url]);
  expect(refused).toMatchObject({
    exitCode: 1,
    noted: expect.stringContaining('following signature:\n\tmove_to(point: Point)'),
  });
  const failed = await user.run(['call', 'chat', 'say', 'HEY', '1', '-s', server.url]);
  expect(failed.exitCode).toBe(1);
  expect(failed.noted).toBe('Error: not so loud\n');
});

test('call sends to the log for why a module broke down', async () => {
  const text = 'The instance encountered a fatal error.';
  await using server = await chatServer({ [`POST ${OWN}/call/say`]: { status: 530, body: text } });
  const { exitCode, noted } = await new TestUser().run(['call', 'chat', 'say', 'HEY', '1', '-s', server.url]);
  expect(exitCode).toBe(1);
  expect(noted).toContain(`Error: ${text}\n\n\`spacetime logs chat\` says why`);
});

test('sql prints a table, or the answer as it came', async () => {
  const answer =
    '[{"schema":{"elements":[{"name":{"some":"id"},"algebraic_type":{"U64":[]}},{"name":{"some":"name"},"algebraic_type":{"String":[]}}]},' +
    '"rows":[[18446744073709551615,"ab"],[2,"ü\\u001b[31m"]],"total_duration_micros":1,"stats":{"rows_inserted":0,"rows_deleted":0,"rows_updated":0}}]';
  await using server = await chatServer({ [`POST ${OWN}/sql`]: answer });
  const user = new TestUser();
  const table = await user.run(['sql', 'chat', 'SELECT * FROM t', '-s', server.url, '--confirmed', 'false']);
  expect(table.printed.split('\n').map((line) => line.trimEnd())).toEqual([
    ' id                   | name',
    '----------------------+---------------',
    ' 18446744073709551615 | "ab"',
    ' 2                    | "ü\\u{1b}[31m"',
    '',
  ]);
  expect(server.requests.at(-1)).toMatchObject({ url: `${OWN}/sql?confirmed=false`, body: 'SELECT * FROM t' });
  for (const flags of [['--json'], ['--format', 'json']]) {
    expect((await user.run(['sql', 'chat', 'SELECT * FROM t', '-s', server.url, ...flags])).printed).toBe(
      `${answer}\n`,
    );
  }
});

test('sql tells what a statement changed, and why one is refused', async () => {
  const statistics = { rows_inserted: 2, rows_deleted: 0, rows_updated: 1 };
  const answer = JSON.stringify([{ schema: { elements: [] }, rows: [], total_duration_micros: 1, stats: statistics }]);
  await using server = await chatServer({ [`POST ${OWN}/sql`]: answer });
  const run = await new TestUser().run(['sql', 'chat', 'UPDATE', '-s', server.url]);
  expect(run.printed).toBe('');
  expect(run.noted).toContain('inserted: 2, updated: 1\n');
  await using other = await chatServer({ [`POST ${OWN}/sql`]: { status: 400, body: 'no such table' } });
  const refused = await new TestUser().run(['sql', 'chat', 'SELECT', '-s', other.url]);
  expect(refused).toMatchObject({ exitCode: 1, noted: expect.stringContaining('Error: no such table') });
});

test('a database that is not there', async () => {
  await using server = await chatServer({});
  const run = await new TestUser().run(['sql', 'absent', 'SELECT', '-s', server.url]);
  expect(run).toMatchObject({
    exitCode: 1,
    noted: expect.stringContaining('Error: failed to find database `absent`.'),
  });
});

test('an identity needs no look-up', async () => {
  await using server = await chatServer({ [`POST ${OWN}/sql`]: '[]' });
  await new TestUser().run(['sql', `0x${DATABASE.toUpperCase()}`, 'SELECT', '-s', server.url]);
  expect(server.seen).toEqual(['POST /v1/identity', `POST ${OWN}/sql`]);
});

const LOG = [
  '{"level":"Info","ts":1700000000500000,"target":"m","filename":"src/lib.rs","line_number":12,"function":"add","message":"hi"}',
  '{"level":"Debug","ts":1700000001000000,"message":"detail"}',
  '{"level":"Error","ts":1700000002000000,"target":"__spacetimedb__","filename":"__spacetimedb__","function":"__spacetimedb__","message":"host"}',
  '',
].join('\n');

test('logs prints lines for people, filters levels, or passes JSON on', async () => {
  await using server = await chatServer({ [`GET ${OWN}/logs`]: LOG });
  const user = new TestUser();
  expect((await user.run(['logs', 'chat', '-s', server.url])).printed).toBe(
    '2023-11-14T22:13:20.500+00:00  INFO: add src/lib.rs:12: hi\n' +
      '2023-11-14T22:13:21+00:00 DEBUG: detail\n' +
      '2023-11-14T22:13:22+00:00 ERROR: host\n',
  );
  expect((await user.run(['logs', 'chat', '-s', server.url, '-l', 'info'])).printed.split('\n')).toHaveLength(3);
  expect((await user.run(['logs', 'chat', '-s', server.url, '-l', 'info', '--level-exact'])).printed).toContain('hi\n');
  expect((await user.run(['logs', 'chat', '-s', server.url, '--format', 'json', '-n', '3'])).printed).toBe(LOG);
  expect(server.seen.at(-1)).toBe(`GET ${OWN}/logs?num_lines=3&follow=false`);
  expect((await user.run(['logs', 'chat', '-n', 'x', '-s', server.url])).exitCode).toBe(1);
});

test('logs --follow ends with an error when the server is gone, after the lines that came', async () => {
  await using server = await chatServer({
    [`GET ${OWN}/logs`]: (response) => {
      response.write('{"level":"Info","ts":0,"message":"the last line"}\n');
      setImmediate(() => response.destroy());
    },
  });
  const { exitCode, printed, noted } = await new TestUser().run(['logs', 'chat', '-f', '-s', server.url]);
  expect(printed).toContain('the last line');
  expect(exitCode).toBe(1);
  expect(noted).toContain(`Error: The server ${server.url} cannot be reached: aborted\n\nStart it with`);
});

test('logs --follow goes on where it was when the connection breaks, or the server ends the log', async () => {
  const line = (message: string): string => `data: {"level":"Info","ts":0,"message":"${message}"}\n`;
  const asked: (string | undefined)[] = [];
  const head = { 'content-type': 'text/event-stream' };
  await using server = await chatServer({
    [`GET ${OWN}/logs`]: (response, { lastEventId }) => {
      asked.push(lastEventId);
      if (asked.length === 1) {
        response.writeHead(200, head).write(`${line('first')}id: 1\n\n:\n\n${line('second')}id: 2\n\n${line('cut')}`);
        setImmediate(() => response.destroy());
      } else if (asked.length === 2) response.writeHead(200, head).end(`${line('third')}id: 3\n\n`);
      else if (asked.length === 3) {
        response.writeHead(200, head).end(`event: gap\ndata: gone\n\n${line('fourth')}id: 4\n\n`);
      } else response.writeHead(404).end('No such database.');
    },
  });
  const { exitCode, printed, noted } = await new TestUser().run(['logs', 'chat', '-f', '-s', server.url]);
  expect(printed.match(/\w+$/gmu)).toEqual(['first', 'second', 'third', 'fourth']);
  expect(asked).toEqual([undefined, '2', '3', '4']);
  expect(noted).toContain('cannot be reached: aborted; trying again.\nConnected again.');
  expect(noted).toContain('ended the log; trying again.\nConnected again.\nSome lines before this one are not kept');
  expect([exitCode, noted]).toEqual([1, expect.stringContaining('Error: No such database.')]);
});

test('a database of somebody else is told as such', async () => {
  await using server = await chatServer({
    [`GET ${OWN}/logs`]: {
      status: 403,
      body: 'c2 is not authorized to perform action on database c3: view module logs',
    },
  });
  const { exitCode, noted } = await new TestUser().run(['logs', 'chat', '-s', server.url]);
  expect(exitCode).toBe(1);
  expect(noted).toContain('The database belongs to another login. `spacetime login show` shows');
});

test('logs --follow prints lines as they come', async () => {
  const { promise: more, resolve: sendMore } = Promise.withResolvers<void>();
  await using server = await chatServer({
    [`GET ${OWN}/logs`]: async (response) => {
      response.write('{"level":"Info","ts":0,"message":"first"}\n{"level":"In');
      await more;
      response.end('fo","ts":0,"message":"second"}\n');
    },
  });
  const terminal = new TestTerminal(new TestUser().home);
  const first = new Promise<string>((resolve) => (terminal.onPrint = resolve));
  const run = runCli(['logs', 'chat', '-f', '-s', server.url], terminal);
  expect(await first).toBe('1970-01-01T00:00:00+00:00  INFO: first');
  sendMore();
  expect(await run).toBe(0);
  expect(terminal.printed).toContain('second\n');
  expect(server.seen.at(-1)).toBe(`GET ${OWN}/logs?num_lines=10&follow=true`);
});

test('list shows names and identities', async () => {
  const identity = identityOfToken(ISSUED.token);
  await using server = await chatServer({
    [`GET /v1/identity/${identity}/databases`]: JSON.stringify({ identities: [DATABASE] }),
    [`GET ${OWN}/names`]: '{"names":["chat","talk"]}',
  });
  const user = new TestUser();
  expect((await user.run(['list', '-s', server.url])).printed).toContain(` chat, talk | ${DATABASE} \n`);
  const json = await user.run(['list', '-s', server.url, '--json']);
  expect(JSON.parse(json.printed)).toEqual([{ names: ['chat', 'talk'], identity: DATABASE }]);
});

test('describe prints the document or a part of it, with exact numbers', async () => {
  await using server = await chatServer({
    [`GET ${OWN}/schema`]: SCHEMA.replace('"product_type_ref":0', '"product_type_ref":123456789012345678901234567890'),
  });
  const user = new TestUser();
  const whole = await user.run(['describe', 'chat', '--json', '-s', server.url]);
  expect(whole.printed).toContain('"product_type_ref": 123456789012345678901234567890');
  expect(JSON.parse(whole.printed)).toHaveProperty('sections');
  const table = await user.run(['describe', 'chat', 'table', 'dot', '--json', '-s', server.url]);
  expect(JSON.parse(table.printed)).toMatchObject({ source_name: 'Dot' });
  const reducerRun = await user.run(['describe', 'chat', 'reducer', 'say', '-s', server.url]);
  expect(JSON.parse(reducerRun.printed)).toMatchObject({ source_name: 'say' });
  const absent = await user.run(['describe', 'chat', 'table', 'dots', '-s', server.url]);
  expect(absent).toMatchObject({ exitCode: 1, noted: expect.stringContaining('Did you mean `dot`?') });
  expect((await user.run(['describe', 'chat', 'tables', 'dot', '-s', server.url])).exitCode).toBe(1);
});

test('delete asks, lock and unlock do not, rename explains', async () => {
  await using server = await chatServer({
    [`DELETE ${OWN}`]: '',
    [`POST ${OWN}/lock`]: '',
    [`POST ${OWN}/unlock`]: '',
    [`PUT ${OWN}/names`]: (response, { body }) =>
      body === '["free"]' ? response.end('"Success"') : response.writeHead(400).end('{"OtherError":"in use"}'),
  });
  const user = new TestUser();
  const refused = await user.run(['delete', 'chat', '-s', server.url], ['']);
  expect(refused).toMatchObject({ exitCode: 1, noted: expect.stringContaining('[y/N] \nError: Aborted') });
  expect(server.seen.some((line) => line.startsWith('DELETE'))).toBe(false);
  expect((await user.run(['delete', 'chat', '-y', '-s', server.url])).exitCode).toBe(0);
  expect((await user.run(['lock', 'chat', '-s', server.url])).printed).toBe('Database chat is locked.\n');
  expect((await user.run(['unlock', 'chat', '-s', server.url])).exitCode).toBe(0);
  expect((await user.run(['rename', 'chat', '--to', 'free', '-s', server.url])).exitCode).toBe(0);
  expect((await user.run(['rename', 'chat', '--to', 'taken', '-s', server.url])).noted).toContain('Error: in use');
});

test.each([
  { args: ['call'], error: "missing required argument 'database'", help: 'spacetime call' },
  { args: ['server', 'add'], error: "required option '--url <url>' not specified", help: 'spacetime server add' },
  { args: ['pubish'], error: "unknown command 'pubish'\n(Did you mean publish?)", help: 'spacetime' },
])('a command line that is none says what is wrong and where it is told: $args', async ({ args, error, help }) => {
  const { exitCode, printed, noted } = await new TestUser().run(args);
  expect({ exitCode, printed, noted }).toEqual({
    exitCode: 1,
    printed: '',
    noted: `Error: ${error}\n\n\`${help} --help\` says what it takes.\n`,
  });
});
