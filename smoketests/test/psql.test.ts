// PostgreSQL's own terminal over `--pg-port`: what it prints, what it is refused, and sessions side by side.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newPerson } from '../src/http.ts';
import { isMissing } from '../src/needs.ts';
import { freePort } from '../src/free-port.ts';
import { psql, PSQL_PATH } from '../src/psql.ts';
import type { PsqlLogin, PsqlResult } from '../src/psql.ts';
import { PublishedModule } from '../src/published-module.ts';

const DATABASE = 'test-module';

describe.skipIf(isMissing(PSQL_PATH))('psql', () => {
  let module: PublishedModule;
  let owner: PsqlLogin;

  beforeAll(async () => {
    const port = await freePort();
    module = await PublishedModule.start(DATABASE, DATABASE, { args: ['--pg-port', String(port)] });
    owner = { port, database: DATABASE, token: module.owner.token };
  });
  afterAll(() => module?.[Symbol.asyncDispose]());

  const ask = (script: string, ...args: string[]): Promise<PsqlResult> => psql(owner, script, ...args);

  test('the server says where it listens', () => {
    expect(module.server.output).toContain(`PostgreSQL wire protocol on 127.0.0.1:${owner.port}`);
  });

  test('it prints a table', async () => {
    const { stdout, stderr, exitCode } = await ask(
      [
        `INSERT INTO answer (question, text) VALUES ('who', 'Grüße, 世界');`,
        `UPDATE answer SET text = 'Grüße' WHERE question = 'who';`,
        `SELECT * FROM answer WHERE question = 'who';`,
        `DELETE FROM answer WHERE question = 'who';`,
        `SELECT COUNT(*) AS n FROM answer;`,
      ].join('\n'),
    );
    expect(stderr).toBe('');
    expect(exitCode).toBe(0);
    expect(stdout.replaceAll(/server: \d+\.\d\d(?:µs|ms|s)/gu, 'server: TIME')).toBe(
      [
        'inserted: 1, server: TIME',
        'updated: 1, server: TIME',
        ' question | text  ',
        '----------+-------',
        ' who      | Grüße',
        '(1 row)',
        '',
        'deleted: 1, server: TIME',
        ' n ',
        '---',
        ' 0',
        '(1 row)',
        '',
        '',
      ].join('\n'),
    );
  });

  test('every type has its text', async () => {
    await module.run('put_extremes', 1);
    const { stdout, stderr } = await ask(
      'SELECT * FROM every_type WHERE id = 1;',
      '--expanded',
      '--no-align',
      '--tuples-only',
    );
    expect(stderr).toBe('');
    expect(stdout.trim().split('\n')).toEqual([
      'id|1',
      'a_bool|t',
      'a_u_8|255',
      'an_i_8|-128',
      'a_u_16|65535',
      'an_i_16|-32768',
      'a_u_32|4294967295',
      'an_i_32|-2147483648',
      'a_u_64|18446744073709551615',
      'an_i_64|-9223372036854775808',
      'a_u_128|340282366920938463463374607431768211455',
      'an_i_128|-170141183460469231731687303715884105728',
      'a_u_256|115792089237316195423570985008687907853269984665640564039457584007913129639935',
      'an_i_256|-57896044618658097711785492504343953926634992332820282019728792003956564819968',
      'an_f_32|1.1754944e-38',
      'an_f_64|1.7976931348623157e+308',
      'a_string|Grüße, 世界 🚀',
      'some_bytes|\\x0001feff',
      'some_numbers|{-2147483648,0,2147483647}',
      'some_texts|{"",two}',
      'an_option|{"some": 18446744073709551615}',
      'a_nested_option|{"some": {"none": {}}}',
      'a_result|{"err": "no"}',
      'a_product|{"x": -0.5, "y": 1e+30}',
      'a_unit|{}',
      'a_sum|{"polygon": [{"x": 1, "y": 2}, {"x": 3, "y": 4}]}',
      'a_plain_enum|darkBlue',
      `an_identity|\\x${module.owner.identity}`,
      `a_connection_id|\\x${'f'.repeat(32)}`,
      'a_timestamp|+294247-01-10T04:00:54.775807+00:00',
      'a_time_duration|PT-9223372036854.775808S',
      'a_uuid|ffffffff-ffff-ffff-ffff-ffffffffffff',
      'a_schedule_at|{"Time": "1970-01-01T00:00:00+00:00"}',
    ]);
  });

  test('an error does not end the session', async () => {
    const { stdout, stderr, exitCode } = await ask('SELECT * FROM nothing;\nSELECT COUNT(*) AS n FROM answer;');
    expect(stderr).toMatch(/^ERROR: +\(Sql\) no such table: `nothing`/u);
    expect(stdout).toContain('(1 row)');
    expect(exitCode).toBe(0);
  });

  test('a request holds one statement', async () => {
    const { stderr, exitCode } = await ask('', '--command', 'SELECT * FROM answer; SELECT * FROM answer');
    expect(stderr).toContain('ERROR:  (Sql)');
    expect(exitCode).toBe(1);
  });

  test('there is no catalog, and it is told so', async () => {
    expect((await ask('\\d')).stderr).toContain('(Sql)');
  });

  test.each([
    { what: 'a database that is not', login: { database: 'nowhere' }, error: 'database "nowhere" does not exist' },
    { what: 'a password that is no token', login: { token: 'secret' }, error: 'Invalid token' },
  ])('$what: $error', async ({ login, error }) => {
    const { stderr, exitCode } = await psql({ ...owner, ...login }, 'SELECT 1;');
    expect(stderr).toContain(error);
    expect(exitCode).toBe(2);
  });

  test('encryption that must be is refused, encryption that may be is done without', async () => {
    const dbname = `dbname=${DATABASE} sslmode=`;
    expect((await ask('', '--dbname', `${dbname}require`)).stderr).toContain('server does not support SSL');
    expect(await ask('', '--dbname', `${dbname}prefer`, '--command', ';')).toMatchObject({ stderr: '', exitCode: 0 });
  });

  test('a prepared statement is refused in words, and the client hears that it is over', async () => {
    // Asks what columns a statement would give, for which psql prepares it.
    const { stderr } = await ask('SELECT * FROM answer \\gdesc');
    expect(stderr).toContain('FATAL:  This feature is not implemented.');
  });

  test('two people at once each have their own rights', async () => {
    const stranger = { ...owner, token: (await newPerson(module.server)).token };
    const script = 'SELECT COUNT(*) AS n FROM st_table;\n'.repeat(20);
    const [mine, theirs] = await Promise.all([psql(owner, script), psql(stranger, script)]);
    expect(mine.stderr).toBe('');
    expect(mine.stdout.match(/\(1 row\)/gu)).toHaveLength(20);
    expect(theirs.stderr.match(/ERROR/gu)).toHaveLength(20);
    expect(theirs.stdout).toBe('');
  });

  test('it is back after a restart of the server, and the changes are', async () => {
    await ask(`INSERT INTO answer (question, text) VALUES ('kept', 'yes');`);
    await module.server.kill();
    expect((await ask('SELECT 1;')).stderr).toContain('Connection refused');
    await module.server.restart();
    expect((await ask(`SELECT text FROM answer WHERE question = 'kept';`)).stdout).toContain('yes');
  });
});
