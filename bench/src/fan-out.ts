import { readFileSync } from 'node:fs';
import { processUsage } from './process-usage.ts';
import { quantile } from './quantile.ts';
import { startLightcone } from './server-under-test.ts';
import { connectSmallClient, sharedNow, transferFrame } from './small-client.ts';
import { startClients } from './start-clients.ts';

const program = readFileSync(new URL('../../modules/transfers/transfers.wasm', import.meta.url));

const WARM_UP_ROUNDS = 10;

/** One writer changes a row that all of so many clients watch, and again when the last of them has it. */
export async function fanOut(counts: readonly number[], measureMs: number): Promise<void> {
  console.log('\n| subscribers | last one has the row after, p50 ms | p99 ms | server CPU µs per row and subscriber |');
  console.log('| ---: | ---: | ---: | ---: |');
  for (const count of counts) {
    const server = await startLightcone(program);
    const url = server.url.replace('confirmed=true', 'confirmed=false');
    const thread = await startClients(url, { kind: 'watch', count });
    const writer = await connectSmallClient(url);
    const round = async (i: number): Promise<number> => {
      const start = sharedNow();
      const arrived = new Promise<number>((resolve) => thread.once('message', resolve));
      writer.send(transferFrame(i, i % 2, (i + 1) % 2));
      return (await arrived) - start;
    };
    for (let i = 0; i < WARM_UP_ROUNDS; i++) await round(i);
    const before = processUsage(server.pid);
    const times: number[] = [];
    const end = sharedNow() + measureMs;
    while (sharedNow() < end) times.push(await round(times.length));
    const after = processUsage(server.pid);
    const micros = after.userMicros + after.systemMicros - before.userMicros - before.systemMicros;
    const cells = [count, quantile(times, 0.5).toFixed(2), quantile(times, 0.99).toFixed(2)];
    console.log(`| ${cells.join(' | ')} | ${(micros / times.length / count).toFixed(1)} |`);
    await thread.terminate();
    writer.terminate();
    await server.stop();
  }
}
