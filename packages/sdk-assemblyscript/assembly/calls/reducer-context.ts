import { Db, Soon } from '../generated';
import { ConnectionId } from '../types/connection-id';
import { Identity } from '../types/identity';
import { Timestamp } from '../types/timestamp';
import { Uuid } from '../types/uuid';
import { claimsOf, databaseIdentity } from './caller';
import { Claims } from './claims';
import { Random } from './random';
import { uuidV4, uuidV7 } from './uuids';

/** What a reducer knows and may use; good for one call. */
@final
export class ReducerContext {
  private random: Random | null = null;

  constructor(
    /** Who called: a client, or the database itself for schedules. */
    readonly sender: Identity,
    /** The caller's connection, which a call over HTTP has, too; null where `isInternal`. */
    readonly connectionId: ConnectionId | null,
    /** When the call began. The only clock of a reducer. */
    readonly timestamp: Timestamp,
    /** The module's tables. */
    readonly db: Db,
    /** The module's reducers and procedures, to be called soon, each in a transaction of its own. */
    readonly soon: Soon,
  ) {}

  /** True without a connection: for a schedule, for `init`, and in a transaction of an HTTP handler. */
  get isInternal(): bool {
    return this.connectionId === null;
  }

  /** The identity of the database that the module runs in. */
  get identity(): Identity {
    return databaseIdentity();
  }

  /** Numbers seeded with the call's timestamp. */
  get rng(): Random {
    let random = this.random;
    if (random === null) this.random = random = new Random(<u64>this.timestamp.microsSinceUnixEpoch);
    return random;
  }

  /** The claims in the caller's token or null without a connection or a token. */
  get senderClaims(): Claims | null {
    const connectionId = this.connectionId;
    return connectionId === null ? null : claimsOf(connectionId);
  }

  newUuidV4(): Uuid {
    return uuidV4(this.rng);
  }

  newUuidV7(): Uuid {
    return uuidV7(this.timestamp, this.rng);
  }
}
