// How long a snapshot keeps transactions waiting, what it writes, and how long a start takes from it and without it.
// Arguments: accounts (1,000,000 unless given), transactions that are replayed (1,000,000).
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FolderBlobStore } from '@lightcone/blobs/node';
import { CommitLog, SnapshotStore } from '@lightcone/commitlog';
import { NodeFileSystem } from '@lightcone/commitlog/node';
import { writeClientMessage } from '@lightcone/protocol';
import { ByteWriter, ConnectionId, Identity } from '@lightcone/sats';
import { DEFAULT_SNAPSHOT_POLICY } from '../src/gateway.ts';
import { Database } from '../src/index.ts';
import { systemClock, systemTimers } from '../src/node.ts';

const accounts = Number(process.argv[2] ?? 1_000_000);
const replayed = Number(process.argv[3] ?? 1_000_000);
const CALLS_PER_TURN = 64;

const program = readFileSync(new URL('../../../modules/transfers/transfers.wasm', import.meta.url));
const owner = Identity.fromClaims('bench', 'owner');
const folder = mkdtempSync(join(tmpdir(), 'lightcone-snapshots-'));
const never = Number.POSITIVE_INFINITY;
let database = await open();
const caller = { identity: owner, connectionId: ConnectionId.fromBigInt(2n), jwtPayload: '{}' };
console.log((await database.call(caller, 'seed', JSON.stringify([accounts, 1_000_000]))).kind);

const frames = Array.from({ length: 256 }, () => {
  const writer = new ByteWriter();
  const args = new ByteWriter();
  for (let i = 0; i < CALLS_PER_TURN; i++) {
    args.reset();
    args.u32(Math.floor(Math.random() * accounts));
    args.u32(Math.floor(Math.random() * accounts));
    args.i64(1n);
    writeClientMessage(writer, { tag: 'CallReducer', requestId: i, reducer: 'transfer', args: args.finish() });
  }
  return writer.finish();
});

try {
  await reopen('from the log: one transaction has all accounts');
  await transfersUntil('warm-up', sleep(3000));
  await transfersUntil('without a snapshot', sleep(4000));
  await transfersUntil('during the first snapshot', database.takeSnapshot());
  await transfersUntil('without a snapshot', sleep(2000));
  await transfersUntil('during one of what changed', database.takeSnapshot());
  console.log(database.metrics().snapshots);

  await database.takeSnapshot();
  await reopen('from a snapshot, accounts in no order');
  for (let left = replayed; left > 0; left -= CALLS_PER_TURN) {
    await turn(left);
    while (database.isLogBehind) await database.whenDurable(database.lastTxOffset);
  }
  await reopen(`from a snapshot and ${replayed} transfers after it`);
} finally {
  await database.close();
  rmSync(folder, { recursive: true });
}

function open(isNew = true): Promise<Database> {
  const make = async (): Promise<Database> => {
    const options = {
      identity: Identity.fromClaims('bench', 'database'),
      log: await CommitLog.open(new NodeFileSystem(), folder),
      snapshots: {
        store: new SnapshotStore(new FolderBlobStore(join(folder, 'snapshots'))),
        policy: { ...DEFAULT_SNAPSHOT_POLICY, everyTransactions: never, everyBytes: never },
      },
      clock: systemClock,
      timers: systemTimers,
      defer: (run: () => void) => void setImmediate(run),
      limits: { energyPerCall: 1e12, maxMemoryPages: 16_384 },
      moduleLog: () => {},
      deliver: () => {},
      onFailure: (error: Error) => console.error(error),
    };
    return isNew ? Database.create(options, program, owner) : Database.open(options);
  };
  return make().then((opened) => {
    const protocol = 'v3.bsatn.spacetimedb';
    const connectionId = ConnectionId.fromBigInt(1n);
    opened.connect({
      number: 1,
      identity: owner,
      connectionId,
      token: '',
      jwtPayload: '{}',
      protocol,
      isConfirmed: true,
    });
    return opened;
  });
}

async function reopen(how: string): Promise<void> {
  await database.close();
  const before = process.cpuUsage();
  const start = performance.now();
  database = await open(false);
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(before);
  const table = database.metrics().tables.find(({ rows }) => rows === accounts);
  const bytes = ((table?.bytes ?? 0) / accounts).toFixed(1);
  console.log(
    `${how}: ${seconds.toFixed(2)} s, ${((user + system) / 1e6).toFixed(2)} s of CPU, ${bytes} bytes per account`,
  );
}

/** One turn of transfers after another, each timed: nothing else can happen in a turn, so a gap is a pause. */
async function transfersUntil(name: string, end: Promise<unknown>): Promise<void> {
  let isOver = false;
  void end.then(() => (isOver = true));
  const gaps: number[] = [];
  const start = performance.now();
  let last = start;
  let longestCpu = 0;
  let cpu = threadCpuMs();
  for (let i = 0; !isOver; i++) {
    await turn(i);
    const now = performance.now();
    gaps.push(now - last);
    last = now;
    const cpuNow = threadCpuMs();
    longestCpu = Math.max(longestCpu, cpuNow - cpu);
    cpu = cpuNow;
    while (database.isLogBehind) await database.whenDurable(database.lastTxOffset);
  }
  gaps.sort((a, b) => a - b);
  const at = (share: number): string => gaps[Math.min(gaps.length - 1, Math.floor(gaps.length * share))]!.toFixed(2);
  const perSecond = Math.round((gaps.length * CALLS_PER_TURN) / ((last - start) / 1000));
  console.log(
    `${name}: ${((last - start) / 1000).toFixed(2)} s, ${perSecond} transfers/s, ` +
      `turn p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, p99.9 ${at(0.999)} ms, longest ${at(1)} ms, of this thread's CPU ${longestCpu.toFixed(2)} ms`,
  );
}

/** Of others on the machine it knows nothing. */
function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function turn(i: number): Promise<void> {
  const frame = frames[i & 255]!;
  database.receive(1, frame, 0, frame.length);
  return new Promise((resolve) => setImmediate(resolve));
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
