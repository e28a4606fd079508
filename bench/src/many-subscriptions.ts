import { readFileSync } from 'node:fs';
import type { ByteWriter } from '@lightcone/sats';
import { startLightconeProcess } from './lightcone-process.ts';
import { runLoad } from './load-driver.ts';
import { processUsage } from './process-usage.ts';
import { connectSmallClients, subscribe, writeTransfer } from './small-client.ts';

const program = readFileSync(new URL('../../modules/transfers/transfers.wasm', import.meta.url));
const CONNECTIONS = 50;
const QUERIES_PER_MESSAGE = 100;
/** Accounts that nobody watches, after those that somebody does. */
const OTHERS = 10_000;

/**
 * Transfers while `count` different queries `WHERE id = <x>` are followed: none at all; of rows that do not change; of
 * rows of which each transfer changes two, which go to their clients.
 */
export async function manySubscriptions(count: number, measureMs: number): Promise<void> {
  const server = await startLightconeProcess();
  await server.publish('transfers', program);
  await server.call('transfers', 'seed', [count + OTHERS, 1_000_000_000]);
  const url = `ws://${server.address}/v1/database/transfers/subscribe?compression=None&confirmed=false`;
  console.log(
    '\n| queries that are followed | of them concern a transfer | transfers/s | server CPU µs per transfer |',
  );
  console.log('| ---: | ---: | ---: | ---: |');
  const transfer = async (first: number, accounts: number): Promise<readonly string[]> => {
    let before = processUsage(server.pid);
    let after = before;
    const result = await runLoad({
      url,
      subprotocol: 'v3.bsatn.spacetimedb',
      connections: 8,
      inFlight: 64,
      callsOf: (connection) => transfersAmong(first, accounts, connection),
      warmUpMs: measureMs / 4,
      measureMs,
      onMeasureStart: () => (before = processUsage(server.pid)),
      onMeasureEnd: () => (after = processUsage(server.pid)),
    });
    if (result.errors > 0) throw new Error(`${result.errors} calls failed, the first with ${result.firstError}`);
    const micros = after.userMicros + after.systemMicros - before.userMicros - before.systemMicros;
    return [String(Math.round(result.answers / result.seconds)), (micros / result.answers).toFixed(1)];
  };
  await transfer(count, OTHERS); // until the code is compiled
  console.log(`| 0 | 0 | ${(await transfer(count, OTHERS)).join(' | ')} |`);
  const residentBefore = processUsage(server.pid).residentBytes;
  const sockets = await connectSmallClients(url, CONNECTIONS);
  const start = performance.now();
  for (let id = 0; id < count; id += QUERIES_PER_MESSAGE) {
    const queries = Array.from(
      { length: Math.min(QUERIES_PER_MESSAGE, count - id) },
      (_, i) => `SELECT * FROM accounts WHERE id = ${id + i}`,
    );
    await subscribe(sockets[(id / QUERIES_PER_MESSAGE) % CONNECTIONS]!, id, queries);
  }
  const seconds = (performance.now() - start) / 1000;
  const resident = processUsage(server.pid).residentBytes - residentBefore;
  console.log(`| ${count} | 0 | ${(await transfer(count, OTHERS)).join(' | ')} |`);
  console.log(`| ${count} | 2 | ${(await transfer(0, count)).join(' | ')} |`);
  const made = `${CONNECTIONS} connections made ${count} queries, ${QUERIES_PER_MESSAGE} a message`;
  console.log(`\n${made}: ${Math.round(count / seconds)}/s, ${Math.round(resident / count)} bytes of memory each`);
  for (const socket of sockets) socket.terminate();
  await server.stop();
}

/** Transfers between neighbours of some accounts, all of them in turn, each connection from elsewhere. */
function transfersAmong(first: number, count: number, connection: number) {
  let next = connection * 7919;
  return (writer: ByteWriter, requestId: number): void => {
    const from = next++ % count;
    writeTransfer(writer, requestId, first + from, first + ((from + 1) % count));
  };
}
