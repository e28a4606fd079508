import { parentPort, workerData } from 'node:worker_threads';
import { CommitLog, CommitTimes } from '@lightcone/commitlog';
import { NodeFileSystem } from '@lightcone/commitlog/node';
import { Database } from '@lightcone/engine';
import type { DatabaseOptions } from '@lightcone/engine';
import { folderSnapshots, systemClock, systemTimers } from '@lightcone/engine/machine';
import { Identity } from '@lightcone/sats';
import type { ArchivedLog } from '../database-thread/archived-log.ts';
import { Mailbox } from '../database-thread/mailbox.ts';
import { moduleHttpClient } from '../database-thread/module-http-client.ts';
import { STARTED } from '../database-thread/messages.ts';
import type { ThreadStart } from '../database-thread/messages.ts';
import { ThreadPort } from '../database-thread/thread-port.ts';
import { collectWhenIdle } from './collect-when-idle.ts';

/*
 * The thread of one database: opens it and then does what the gateway asks, one message at a time.
 * A failure that nobody expected ends the thread, and with it nothing but this database.
 */

if (parentPort === null) throw new Error('this file runs as a worker of the server');
const port = new ThreadPort(parentPort);
const start = workerData as ThreadStart;
const archived: ArchivedLog = { before: start.isArchived ? 0 : Number.POSITIVE_INFINITY, holds: 0 };
const database = await openDatabase(start, port).catch((error: unknown) => port.failStart(error));
if (database !== undefined) {
  const mailbox = new Mailbox(database, start, archived, port);
  parentPort.on('message', (message) => mailbox.receive(message));
  port.answer(STARTED, database.readOnlyReason);
  collectWhenIdle();
}

async function openDatabase(
  {
    identity,
    owner,
    path,
    program,
    limits,
    moduleHttp,
    rateLimits,
    maxUnsyncedBytes,
    maxSegmentBytes,
    snapshots,
  }: ThreadStart,
  out: ThreadPort,
): Promise<Database> {
  const fs = new NodeFileSystem();
  const log = path === undefined ? undefined : await CommitLog.open(fs, path, { maxSegmentBytes });
  const options: DatabaseOptions = {
    identity: Identity.fromHex(identity),
    log,
    ...(log &&
      path !== undefined && { commitTimes: await CommitTimes.open(fs, path, log.firstTxOffset, log.nextTxOffset) }),
    ...(path !== undefined && {
      snapshots: {
        store: await folderSnapshots(path),
        policy: snapshots,
        archivedBefore: () => (archived.holds > 0 ? 0 : archived.before),
      },
    }),
    clock: systemClock,
    timers: systemTimers,
    limits,
    ...(rateLimits && { rateLimits }),
    maxUnsyncedBytes,
    ...(moduleHttp && { outgoingHttp: moduleHttpClient(moduleHttp) }),
    moduleLog: (record) => out.log(record),
    deliver: (batch) => out.deliver(batch),
    defer: (run) => setImmediate(run),
    onFailure: (error) => {
      // Nothing that was not synced may be acknowledged: the thread ends, and the next request opens the log again.
      setImmediate(() => {
        throw error;
      });
    },
  };
  return program === undefined ? Database.open(options) : Database.create(options, program, Identity.fromHex(owner));
}
