// CPU time of one transfer inside the engine, frames in, frames out, log record written to memory
// only: what is left of the budget for gateway and disk.
//
//   node tools/bootstrap.mjs packages/engine/bench/transfer.bench.ts [<accounts>] [<turns of 64 transfers>]
import { readFileSync } from 'node:fs';
import { DEFAULT_LIMITS } from '@lightcone/host';
import { writeClientMessage } from '@lightcone/protocol';
import { ByteWriter, ConnectionId, Identity } from '@lightcone/sats';
import { Database } from '../src/index.ts';
import { systemClock, systemTimers } from '../src/node.ts';

const ACCOUNTS = Number(process.argv[2] ?? 100_000);
const CALLS_PER_TURN = 64;
const TURNS = Number(process.argv[3] ?? 10_000);
/** So many that the accounts of the frames are in no cache because of them: each is sent about once. */
const FRAMES = Math.min(TURNS, 8192);

function endTurn(): void {
  for (let run = deferred.shift(); run !== undefined; run = deferred.shift()) run();
}

const program = readFileSync(new URL('../../../modules/transfers/transfers.wasm', import.meta.url));
const owner = Identity.fromClaims('bench', 'owner');
let answers = 0;
const deferred: (() => void)[] = [];
const database = await Database.create(
  {
    identity: Identity.fromClaims('bench', 'database'),
    log: undefined,
    // One call makes all accounts.
    limits: { ...DEFAULT_LIMITS, energyPerCall: 1e12 },
    clock: systemClock,
    timers: systemTimers,
    defer: (run) => deferred.push(run),
    moduleLog: (record) => console.log(record.message),
    deliver: (batch) => (answers += batch.length),
    onFailure: (error) => console.error(error),
  },
  program,
  owner,
);
endTurn();
database.connect({
  number: 1,
  identity: owner,
  connectionId: ConnectionId.fromBigInt(1n),
  token: '',
  jwtPayload: '{}',
  protocol: 'v3.bsatn.spacetimedb',
  isConfirmed: true,
});
const caller = { identity: owner, connectionId: ConnectionId.fromBigInt(2n), jwtPayload: '{}' };
console.log((await database.call(caller, 'seed', JSON.stringify([ACCOUNTS, 1_000_000]))).kind);

const frames = Array.from({ length: FRAMES }, () => {
  const writer = new ByteWriter();
  const args = new ByteWriter();
  for (let i = 0; i < CALLS_PER_TURN; i++) {
    args.reset();
    const from = Math.floor(Math.random() * ACCOUNTS);
    args.u32(from);
    args.u32((from + 1 + Math.floor(Math.random() * (ACCOUNTS - 1))) % ACCOUNTS); // another one
    args.i64(1n);
    writeClientMessage(writer, { tag: 'CallReducer', requestId: i, reducer: 'transfer', args: args.finish() });
  }
  return writer.finish();
});

for (const round of ['warm-up', 'measured', 'measured again', 'measured again', 'measured again']) {
  const before = process.cpuUsage();
  for (let turn = 0; turn < TURNS; turn++) {
    const frame = frames[turn % FRAMES]!;
    database.receive(1, frame, 0, frame.length);
    endTurn();
  }
  const { user, system } = process.cpuUsage(before);
  console.log(`${round}: ${((user + system) / (TURNS * CALLS_PER_TURN)).toFixed(2)} µs of CPU per transfer`);
}
console.log(`${answers} bytes of answers`);
