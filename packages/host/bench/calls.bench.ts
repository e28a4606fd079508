// node --conditions=lightcone-source packages/host/bench/calls.bench.ts
// What one call of a real reducer takes when the data costs nothing: the official crate's two look-ups and two
// updates of `transfer`, with its decoding and encoding, over one array.
import { readFileSync } from 'node:fs';
import { Caller, CompiledModule, ModuleInstance } from '@lightcone/host';
import type { HostCalls, RowBuffer } from '@lightcone/host';

const ACCOUNTS = 100_000;
const ROW_BYTES = 12;
const CALLS = 300_000;
const TRANSFER = 1;

const rows = new Uint8Array(ACCOUNTS * ROW_BYTES);
const view = new DataView(rows.buffer);
for (let id = 0; id < ACCOUNTS; id++) {
  view.setUint32(id * ROW_BYTES, id, true);
  view.setBigInt64(id * ROW_BYTES + 4, 1_000_000n, true);
}

function accountAt(bytes: Uint8Array, start: number): number {
  const id = bytes[start]! | (bytes[start + 1]! << 8) | (bytes[start + 2]! << 16) | (bytes[start + 3]! << 24);
  if (id >>> 0 >= ACCOUNTS) throw new Error(`no account ${id}`);
  return id * ROW_BYTES;
}

const calls: Partial<HostCalls> = {
  isInTransaction: () => true,
  tableId: () => 1,
  indexId: () => 2,
  scanIndexPoint(_indexId: number, bytes: Uint8Array, start: number, _end: number, out: RowBuffer) {
    const row = accountAt(bytes, start);
    out.append(rows, row, row + ROW_BYTES);
    return 0;
  },
  update(_tableId: number, _indexId: number, bytes: Uint8Array, start: number) {
    const row = accountAt(bytes, start);
    for (let i = 0; i < ROW_BYTES; i++) rows[row + i] = bytes[start + i]!; // both ranges were checked
    return 0;
  },
};

const path = new URL('../../../modules/transfers/transfers.wasm', import.meta.url);
const instance = ModuleInstance.create(CompiledModule.compile(readFileSync(path)), {
  calls: calls as HostCalls, // the reducer needs no other
  databaseIdentity: new Uint8Array(32),
  log: console.log,
  nowMicros: () => 0,
});
const caller = new Caller(new Uint8Array(32).fill(7), new Uint8Array(16).fill(8));
const args = new Uint8Array(16);
const argsView = new DataView(args.buffer);
argsView.setBigInt64(8, 1n, true);

let random = 1;
for (let round = 1; round <= 6; round++) {
  const started = process.threadCpuUsage(); // not the time of others on this machine
  for (let i = 0; i < CALLS; i++) {
    random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
    argsView.setUint32(0, random % ACCOUNTS, true);
    argsView.setUint32(4, (random >>> 8) % ACCOUNTS, true);
    const outcome = instance.callReducer(TRANSFER, caller, 1n, args, 0, args.length);
    if (outcome.kind === 'trapped' || outcome.kind === 'outOfEnergy') throw new Error(outcome.kind);
  }
  const nanos = (process.threadCpuUsage(started).user * 1000) / CALLS;
  console.log(`round ${round}: ${nanos.toFixed(0)} ns per transfer, ${instance.energyUsed} units of energy`);
}
