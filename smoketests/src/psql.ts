import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

export const PSQL_PATH = '/usr/bin/psql';

export interface PsqlLogin {
  readonly port: number;
  readonly database: string;
  readonly token: string;
}

export interface PsqlResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs PostgreSQL's own terminal on a script, untouched by the configuration of whoever runs the tests.
 * @param args after those that say where and who
 */
export async function psql(
  { port, database, token }: PsqlLogin,
  script: string,
  ...args: string[]
): Promise<PsqlResult> {
  const where = ['--host', '127.0.0.1', '--port', String(port), '--dbname', database, '--username', 'anybody'];
  const child = spawn(PSQL_PATH, ['--no-psqlrc', '--no-password', ...where, ...args], {
    env: { PATH: process.env['PATH'], PGPASSWORD: token, PGPASSFILE: '/dev/null', LC_ALL: 'C.UTF-8' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // It may end before it has read everything.
  child.stdin.on('error', () => undefined);
  child.stdin.end(script);
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { exitCode, stdout, stderr };
}
