import { formatSqlOutcome } from '@lightcone/engine';
import type { Caller, Database } from '@lightcone/engine';
import { ConnectionId, Identity } from '@lightcone/sats';
import { writeSqlOutcome } from '../postgres/write-sql-outcome.ts';
import type { ArchivedLog } from './archived-log.ts';
import { readFrameBatch } from './frame-batch.ts';
import { DoneBatches } from './frames-in-flight.ts';
import type {
  CallerMessage,
  ConnectMessage,
  DatabaseRequests,
  RequestKind,
  ThreadStart,
  ToDatabase,
} from './messages.ts';
import type { ThreadPort } from './thread-port.ts';
import { assessUpdate, updateProgram } from './update-program.ts';

type Handlers = {
  readonly [Kind in RequestKind]: (
    input: DatabaseRequests[Kind]['input'],
  ) => DatabaseRequests[Kind]['answer'] | Promise<DatabaseRequests[Kind]['answer']>;
};

/** Does what the gateway asks of the database: in the order in which it asks, or in that which is fair to those who do. */
export class Mailbox {
  readonly #database: Database;
  readonly #port: ThreadPort;
  readonly #doneBatches: DoneBatches;
  readonly #handlers: Handlers;

  /** @param archived told of what the archive has */
  constructor(database: Database, { batchesDone }: ThreadStart, archived: ArchivedLog, port: ThreadPort) {
    this.#database = database;
    this.#port = port;
    this.#doneBatches = new DoneBatches(batchesDone);
    this.#handlers = {
      call: async ({ caller, functionName, args }) => {
        const result = await database.call(toCaller(caller), functionName, args);
        const txOffset = 'txOffset' in result ? result.txOffset : undefined;
        if (txOffset !== undefined) await database.whenDurable(txOffset);
        return result;
      },
      handleHttp: async ({ path, request, body, from }) => {
        const result = await database.handleHttp(path, request, body, from);
        if (result.kind !== 'responded') return result;
        if (result.txOffset !== undefined) await database.whenDurable(result.txOffset);
        return result;
      },
      sql: async ({ caller, text, isConfirmed }) => {
        const result = database.sql(toCaller(caller), text);
        if (isConfirmed && 'txOffset' in result) await database.whenDurable(result.txOffset);
        if (result.kind !== 'ok') return result;
        const { outcome, durationMicros } = result;
        return { kind: 'ok', json: formatSqlOutcome(outcome, durationMicros), durationMicros };
      },
      postgresSql: async ({ caller, text }) => {
        const result = database.sql(toCaller(caller), text);
        if ('txOffset' in result) await database.whenDurable(result.txOffset);
        if (result.kind !== 'ok') return result;
        return { kind: 'ok', messages: writeSqlOutcome(result.outcome, result.durationMicros) };
      },
      schema: (version) => database.schema(version),
      planUpdate: (input) => assessUpdate(database, input),
      update: (input) => updateProgram(database, input),
      metrics: () => database.metrics(),
      durableTxOffset: () => database.durableTxOffset,
      takeSnapshot: () => database.takeSnapshot(),
      holdLog: (isHeld) => {
        archived.holds += isHeld ? 1 : -1;
        return undefined;
      },
      archivedBefore: (txOffset) => {
        archived.before = txOffset;
        return undefined;
      },
      stop: async () => {
        await database.close();
        return undefined;
      },
    };
  }

  receive(message: ToDatabase): void {
    if (message instanceof ArrayBuffer) {
      this.#receiveFrames(message);
      return;
    }
    switch (message.tag) {
      case 'connect':
        this.#connect(message);
        break;
      case 'disconnect':
        this.#database.disconnect(message.number);
        break;
      case 'request':
        this.#request(message.id, message.kind, message.input, message.asker);
        break;
    }
  }

  #receiveFrames(batch: ArrayBuffer): void {
    const batchDone = this.#doneBatches.next();
    // One for the batch itself, so that it is not done before all of it has been read.
    let left = 1;
    const frameDone = (): void => {
      if (--left === 0) this.#whenDiskIsInTime(batchDone);
    };
    readFrameBatch(batch, (number, bytes, start, end, isText) => {
      left++;
      this.#database.receive(number, bytes, start, end, isText, frameDone);
    });
    frameDone();
  }

  /** What passes clients on holds them up until a batch of theirs is done with: that is not before the disk has caught up. */
  #whenDiskIsInTime(batchDone: () => void): void {
    if (this.#database.isLogBehind) this.#database.whenDurable(this.#database.lastTxOffset).then(batchDone, batchDone);
    else batchDone();
  }

  #connect(message: ConnectMessage): void {
    const { number, token, protocol, isConfirmed, isLight } = message;
    this.#database.connect({ ...toCaller(message), number, token, protocol, isConfirmed, isLight });
  }

  #request(id: number, kind: RequestKind, input: unknown, asker: string | undefined): void {
    // The gateway sends with each kind its own input: `DatabaseThread.request` sees to it.
    const handle = this.#handlers[kind] as (input: unknown) => unknown;
    const answering =
      asker === undefined ? (async () => handle(input))() : this.#database.inTurn(asker, () => handle(input));
    answering.then(
      (answer) => {
        this.#port.answer(id, answer);
        // Without a line to the gateway the thread has nothing left to do, and ends.
        if (kind === 'stop') this.#port.close();
      },
      (error: unknown) => this.#port.fail(id, error),
    );
  }
}

function toCaller({ identity, connectionId, jwtPayload }: CallerMessage): Caller {
  return { identity: Identity.fromHex(identity), connectionId: ConnectionId.fromHex(connectionId), jwtPayload };
}
