import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ACCOUNTS, INITIAL_BALANCE } from './accounts.ts';

/** A server process with the accounts in it. */
export interface ServerUnderTest {
  readonly pid: number;
  /** The WebSocket address, query included. */
  readonly url: string;
  /** Stops the server; resolves to the sum of all balances, undefined where there are none. */
  stop(): Promise<bigint | undefined>;
}

/** A bare `ws` server that answers each frame and does nothing else. */
export async function startEcho(): Promise<ServerUnderTest> {
  const child = spawnScript('bench/src/echo-server.ts');
  const port = await firstLine(child, /^(\d+)$/);
  return {
    pid: child.pid!, // it has printed a line, so it runs
    url: `ws://127.0.0.1:${port}`,
    async stop() {
      await terminate(child);
      return undefined;
    },
  };
}

/** Node with better-sqlite3 behind `ws`. */
export async function startSqlite(): Promise<ServerUnderTest> {
  const folder = mkdtempSync(join(tmpdir(), 'lightcone-bench-sqlite-'));
  const child = spawnScript('bench/src/sqlite-server.ts', join(folder, 'accounts.db'));
  const port = await firstLine(child, /^(\d+)$/);
  return {
    pid: child.pid!,
    url: `ws://127.0.0.1:${port}`,
    async stop() {
      const sum = firstLine(child, /^(\d+)$/);
      await terminate(child);
      rmSync(folder, { recursive: true });
      return BigInt(await sum);
    },
  };
}

/** Lightcone itself, as `spacetime start` runs it, its data on disk. */
export async function startLightcone(transfersModule: Uint8Array): Promise<ServerUnderTest> {
  const folder = mkdtempSync(join(tmpdir(), 'lightcone-bench-'));
  const child = spawnScript(
    'packages/cli/src/main.ts',
    'start',
    '--data-dir',
    join(folder, 'data'),
    '--jwt-key-dir',
    join(folder, 'keys'),
    '--listen-addr',
    '127.0.0.1:0',
  );
  const address = await firstLine(child, /listening on (\S+:\d+)/);
  const database = `http://${address}/v1/database/transfers`;
  const { token } = (await (await request(`http://${address}/v1/identity`, { method: 'POST' })).json()) as {
    token: string;
  };
  const authorization = { authorization: `Bearer ${token}` };
  await request(database, { method: 'PUT', headers: authorization, body: transfersModule });
  await request(`${database}/call/seed`, {
    method: 'POST',
    headers: { ...authorization, 'content-type': 'application/json' },
    body: JSON.stringify([ACCOUNTS, INITIAL_BALANCE]),
  });
  return {
    pid: child.pid!,
    url: `ws://${address}/v1/database/transfers/subscribe?compression=None&confirmed=true`,
    async stop() {
      const answer = await request(`${database}/sql`, {
        method: 'POST',
        headers: authorization,
        body: 'SELECT balance FROM accounts',
      });
      const [result] = (await answer.json()) as [{ rows: [number][] }];
      await terminate(child);
      rmSync(folder, { recursive: true });
      return result.rows.reduce((sum, [balance]) => sum + BigInt(balance), 0n);
    },
  };
}

async function request(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  if (!response.ok) throw new Error(`${init.method ?? 'GET'} ${url}: ${response.status} ${await response.text()}`);
  return response;
}

function spawnScript(script: string, ...args: string[]): ChildProcess {
  return spawn(process.execPath, ['--conditions=lightcone-source', script, ...args], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** The first group of the first line of output that matches. */
function firstLine(child: ChildProcess, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    if (child.stdout === null) throw new Error('the child was not started with a pipe');
    child.once('exit', (code) => reject(new Error(`the server ended with code ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const match = pattern.exec(line);
      if (match) resolve(match[1]!); // every pattern here has one group
    });
  });
}

function terminate(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('close', () => resolve());
    child.kill('SIGTERM');
  });
}
