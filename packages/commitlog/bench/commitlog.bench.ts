// node --conditions=lightcone-source packages/commitlog/bench/commitlog.bench.ts
// Writes to the folder in TMPDIR; what that disk takes for a sync decides most of the numbers.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32c } from '../src/crc32c.ts';
import { CommitLog } from '../src/index.ts';
import { NodeFileSystem } from '../src/node-file-system.ts';

const RECORD_BYTES = 100;
const record = new Uint8Array(RECORD_BYTES).map((_, i) => i * 7);
const rows: Record<string, string | number>[] = [];

function report(name: string, count: number, bytes: number, startedMs: number, startedCpu: NodeJS.CpuUsage): void {
  const seconds = (performance.now() - startedMs) / 1000;
  const cpu = process.cpuUsage(startedCpu);
  rows.push({
    name,
    'records/s': Math.round(count / seconds),
    'MB/s': Number((bytes / seconds / 1e6).toFixed(1)),
    'CPU us/record': Number(((cpu.user + cpu.system) / count).toFixed(2)),
  });
}

for (const length of [RECORD_BYTES, 65_536]) {
  const bytes = new DataView(new Uint8Array(length).fill(0x5a).buffer);
  const count = Math.round(3e8 / length);
  crc32c(bytes, 0, length);
  const [started, cpu] = [performance.now(), process.cpuUsage()];
  let sum = 0;
  for (let i = 0; i < count; i++) sum ^= crc32c(bytes, 0, length);
  report(`CRC-32C of ${length} bytes (${sum})`, count, count * length, started, cpu);
}

const folder = await mkdtemp(join(tmpdir(), 'lightcone-log-bench-'));
const log = await CommitLog.open(new NodeFileSystem(), folder);
for (const [batch, batches] of [
  [1, 1000],
  [64, 1000],
  [2560, 200],
] as const) {
  const [started, cpu] = [performance.now(), process.cpuUsage()];
  for (let i = 0; i < batches; i++) {
    for (let j = 0; j < batch; j++) log.append(record, 0, RECORD_BYTES);
    await log.sync();
  }
  report(`append ${batch}, sync`, batch * batches, batch * batches * RECORD_BYTES, started, cpu);
}
{
  const count = 2_000_000;
  const [started, cpu] = [performance.now(), process.cpuUsage()];
  for (let i = 0; i < count; i++) {
    log.append(record, 0, RECORD_BYTES);
    if (i % 1000 === 999) {
      log.flush();
      await new Promise(setImmediate);
    }
  }
  await log.sync();
  report('append all the time, flush per 1000', count, count * RECORD_BYTES, started, cpu);
}
{
  const count = log.nextTxOffset;
  const [started, cpu] = [performance.now(), process.cpuUsage()];
  let bytes = 0;
  await log.replay((_minTxOffset, _count, _bytes, start, end) => {
    bytes += end - start;
  });
  report('replay', count, bytes, started, cpu);
}
await log.close();
await rm(folder, { recursive: true });
console.table(rows);
