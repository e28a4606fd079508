import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ACCOUNTS, INITIAL_BALANCE } from './accounts.ts';
import { startLightconeProcess } from './lightcone-process.ts';
import { firstLine, spawnScript, terminate } from './script-process.ts';

/** A server process with what the calls need in it. */
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

/** Lightcone with the accounts. */
export async function startLightcone(transfersModule: Uint8Array): Promise<ServerUnderTest> {
  const server = await startLightconeProcess();
  await server.publish('transfers', transfersModule);
  await server.call('transfers', 'seed', [ACCOUNTS, INITIAL_BALANCE]);
  return {
    pid: server.pid,
    url: `ws://${server.address}/v1/database/transfers/subscribe?compression=None&confirmed=true`,
    async stop() {
      const balances = await server.sql('transfers', 'SELECT balance FROM accounts');
      await server.stop();
      return balances.reduce((sum, [balance]) => sum + BigInt(balance as number), 0n);
    },
  };
}

/** Lightcone with a module that has a reducer which does nothing. */
export async function startLightconeItems(itemsModule: Uint8Array): Promise<ServerUnderTest> {
  const server = await startLightconeProcess();
  await server.publish('items', itemsModule);
  return {
    pid: server.pid,
    url: `ws://${server.address}/v1/database/items/subscribe?compression=None&confirmed=true`,
    async stop() {
      await server.stop();
      return undefined;
    },
  };
}
