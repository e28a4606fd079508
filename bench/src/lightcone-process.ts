import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstLine, spawnScript, terminate } from './script-process.ts';

/** Lightcone itself, as `spacetime start` runs it, its data on disk in a folder of its own. */
export interface LightconeProcess {
  readonly pid: number;
  /** Host and port. */
  readonly address: string;
  publish(database: string, program: Uint8Array): Promise<void>;
  /** Calls a reducer over HTTP; resolves when the answer is there. */
  call(database: string, reducer: string, args: readonly unknown[]): Promise<void>;
  /** The rows of a query, each an array in the order of the columns. */
  sql(database: string, query: string): Promise<unknown[][]>;
  /** Ends the process as `signal` does and starts it again over the same data. */
  restart(signal: 'SIGTERM' | 'SIGKILL'): Promise<LightconeProcess>;
  /** Ends the process and removes its data. */
  stop(): Promise<void>;
}

/** Where Node finds the server: its sources as they are, or what `npm run build` makes of them and packages hold. */
export const SOURCES = 'packages/cli/src/main.ts';
export const BUILT = 'packages/cli/bundle/main.js';

/** @param config the text of its `config.toml` */
export async function startLightconeProcess(script: string = SOURCES, config: string = ''): Promise<LightconeProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'lightcone-bench-'));
  mkdirSync(join(folder, 'data'));
  writeFileSync(join(folder, 'data', 'config.toml'), config);
  return start(script, folder, undefined);
}

async function start(script: string, folder: string, savedToken: string | undefined): Promise<LightconeProcess> {
  const child = spawnScript(
    script,
    'start',
    '--data-dir',
    join(folder, 'data'),
    '--jwt-key-dir',
    join(folder, 'keys'),
    '--listen-addr',
    '127.0.0.1:0',
  );
  const address = await firstLine(child, /listening on (\S+:\d+)/);
  const token = savedToken ?? (await newToken(address));
  const request = (path: string, method: string, contentType: string, body: BodyInit): Promise<Response> =>
    accepted(`http://${address}/v1/database/${path}`, {
      method,
      // A connection that is kept is closed by the server while a measurement keeps this process from noticing.
      headers: { authorization: `Bearer ${token}`, 'content-type': contentType, connection: 'close' },
      body,
    });
  return {
    pid: child.pid!, // it has printed a line, so it runs
    address,
    async publish(database, program) {
      await request(database, 'PUT', 'application/wasm', program as Uint8Array<ArrayBuffer>);
    },
    async call(database, reducer, args) {
      const answer = await request(`${database}/call/${reducer}`, 'POST', 'application/json', JSON.stringify(args));
      await answer.arrayBuffer();
    },
    async sql(database, query) {
      const answer = await request(`${database}/sql`, 'POST', 'text/plain', query);
      const [result] = (await answer.json()) as [{ rows: unknown[][] }];
      return result.rows;
    },
    async restart(signal) {
      await terminate(child, signal);
      return start(script, folder, token);
    },
    async stop() {
      await terminate(child, 'SIGTERM');
      rmSync(folder, { recursive: true });
    },
  };
}

/** Makes a new identity. @param address host and port */
export async function newToken(address: string): Promise<string> {
  const answer = await accepted(`http://${address}/v1/identity`, { method: 'POST' });
  return ((await answer.json()) as { token: string }).token;
}

async function accepted(url: string, init: RequestInit): Promise<Response> {
  const answer = await fetch(url, init);
  if (!answer.ok) throw new Error(`${init.method ?? 'GET'} ${url}: ${answer.status} ${await answer.text()}`);
  return answer;
}
