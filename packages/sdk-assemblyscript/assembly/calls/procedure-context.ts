import {
  procedure_abort_mut_tx,
  procedure_commit_mut_tx,
  procedure_sleep_until,
  procedure_start_mut_tx,
} from '../abi/spacetime_10.3';
import { mustSucceed } from '../abi/errno';
import { out } from '../abi/out';
import { Db, Soon } from '../generated';
import { ConnectionId } from '../types/connection-id';
import { Identity } from '../types/identity';
import { Timestamp } from '../types/timestamp';
import { Uuid } from '../types/uuid';
import { databaseIdentity } from './caller';
import { HttpClient } from './http';
import { Random } from './random';
import { ReducerContext } from './reducer-context';
import { uuidV4, uuidV7 } from './uuids';

/** A transaction of a procedure, which ends with `commit` or `abort`. */
@final
export class Tx {
  constructor(
    /** What a reducer would have, for functions that both use. */
    readonly ctx: ReducerContext,
  ) {}

  get db(): Db {
    return this.ctx.db;
  }

  get timestamp(): Timestamp {
    return this.ctx.timestamp;
  }

  commit(): void {
    mustSucceed(procedure_commit_mut_tx(), 'commit');
  }

  abort(): void {
    mustSucceed(procedure_abort_mut_tx(), 'abort');
  }
}

/** What a procedure knows and may use; good for one call. */
@final
export class ProcedureContext {
  private random: Random | null = null;
  readonly http: HttpClient = new HttpClient();

  constructor(
    readonly sender: Identity,
    readonly connectionId: ConnectionId | null,
    /** When the call began, or when it last slept. */
    public timestamp: Timestamp,
    private db: Db,
    private soon: Soon,
  ) {}

  get identity(): Identity {
    return databaseIdentity();
  }

  /** Begins a transaction. Only one can be open. */
  beginTx(): Tx {
    mustSucceed(procedure_start_mut_tx(out), 'a transaction');
    const timestamp = Timestamp.at(out);
    return new Tx(new ReducerContext(this.sender, this.connectionId, timestamp, this.db, this.soon));
  }

  sleepUntil(time: Timestamp): void {
    this.timestamp = new Timestamp(procedure_sleep_until(time.microsSinceUnixEpoch));
  }

  /** Numbers seeded with the timestamp at their first use. */
  get rng(): Random {
    let random = this.random;
    if (random === null) this.random = random = new Random(<u64>this.timestamp.microsSinceUnixEpoch);
    return random;
  }

  newUuidV4(): Uuid {
    return uuidV4(this.rng);
  }

  newUuidV7(): Uuid {
    return uuidV7(this.timestamp, this.rng);
  }
}

/** What an HTTP handler knows and may use: all of a procedure but a caller, so the sender of its transactions is 0. */
@final
export class HttpHandlerContext {
  private procedure: ProcedureContext;

  constructor(timestamp: Timestamp, db: Db, soon: Soon) {
    this.procedure = new ProcedureContext(new Identity(), null, timestamp, db, soon);
  }

  get timestamp(): Timestamp {
    return this.procedure.timestamp;
  }

  get identity(): Identity {
    return databaseIdentity();
  }

  get http(): HttpClient {
    return this.procedure.http;
  }

  get rng(): Random {
    return this.procedure.rng;
  }

  beginTx(): Tx {
    return this.procedure.beginTx();
  }

  sleepUntil(time: Timestamp): void {
    this.procedure.sleepUntil(time);
  }

  newUuidV4(): Uuid {
    return this.procedure.newUuidV4();
  }

  newUuidV7(): Uuid {
    return this.procedure.newUuidV7();
  }
}
