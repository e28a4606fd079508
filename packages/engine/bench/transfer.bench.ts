// CPU time of one transfer inside the engine, frames in, frames out, log record written to memory
// only: what is left of the budget for gateway and disk.
import { readFileSync } from 'node:fs';
import { writeClientMessage } from '@lightcone/protocol';
import { ByteWriter, ConnectionId, Identity } from '@lightcone/sats';
import { Database } from '../src/index.ts';
import { systemClock, systemTimers } from '../src/node.ts';

const ACCOUNTS = 100_000;
const CALLS_PER_TURN = 64;
const TURNS = 10_000;

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

const frames = Array.from({ length: 256 }, () => {
  const writer = new ByteWriter();
  const args = new ByteWriter();
  for (let i = 0; i < CALLS_PER_TURN; i++) {
    args.reset();
    args.u32(Math.floor(Math.random() * ACCOUNTS));
    args.u32(Math.floor(Math.random() * ACCOUNTS));
    args.i64(1n);
    writeClientMessage(writer, { tag: 'CallReducer', requestId: i, reducer: 'transfer', args: args.finish() });
  }
  return writer.finish();
});

for (const round of ['warm-up', 'measured', 'measured again', 'measured again', 'measured again']) {
  const before = process.cpuUsage();
  for (let turn = 0; turn < TURNS; turn++) {
    const frame = frames[turn & 255]!;
    database.receive(1, frame, 0, frame.length);
    endTurn();
  }
  const { user, system } = process.cpuUsage(before);
  console.log(`${round}: ${((user + system) / (TURNS * CALLS_PER_TURN)).toFixed(2)} µs of CPU per transfer`);
}
console.log(`${answers} bytes of answers`);
