import type { CommitLog } from '@lightcone/commitlog';
import type { Identity } from '@lightcone/sats';
import type { Clock } from '../clock.ts';
import type { Outbox } from '../outbox.ts';
import { CallerQuota, IdentityQuota } from './caller-quota.ts';
import type { RateLimit, RateLimits } from './rate-limits.ts';
import { TokenBucket } from './token-bucket.ts';

/** What the log and the answers that wait for it may hold: far more than a healthy disk ever leaves waiting. */
export const DEFAULT_MAX_UNSYNCED_BYTES: number = 256 * 1024 * 1024;

/** Why a request is not taken now, whatever it says. It may be sent again. */
export interface Overload {
  readonly kind: 'rateLimited' | 'overloaded';
  readonly message: string;
  /** Whole seconds, at least 1. */
  readonly retryAfterSeconds: number;
}

/** What is asked for does not fit on the disk. */
export interface NoRoom extends Overload {
  readonly kind: 'overloaded';
}

/** Requests that were refused, by what refused them. */
export interface RefusedRequests {
  connection: number;
  identity: number;
  function: number;
  unsyncedLog: number;
  /** What would have written on a full disk, or more than it has room for. */
  fullDisk: number;
}

/**
 * Decides whether a database takes a request now: the limits of who asks, and the disk's backlog.
 *
 * It is the database's and not a gateway's, so that it holds over all connections and requests of an
 * identity, wherever they come in. Without limits nobody has a quota, and a request costs two
 * comparisons. What the database does by itself (timers, the ends of connections) passes no door.
 */
export class Door {
  readonly refused: RefusedRequests = { connection: 0, identity: 0, function: 0, unsyncedLog: 0, fullDisk: 0 };
  readonly #limits: RateLimits | undefined;
  readonly #log: CommitLog | undefined;
  readonly #outbox: Outbox;
  readonly #maxUnsyncedBytes: number;
  readonly #clock: Clock;
  readonly #identities = new Map<string, IdentityQuota>();
  #sweepAt = MIN_SWEEP;

  constructor(
    limits: RateLimits | undefined,
    maxUnsyncedBytes: number,
    log: CommitLog | undefined,
    outbox: Outbox,
    clock: Clock,
  ) {
    this.#limits = limits;
    this.#maxUnsyncedBytes = maxUnsyncedBytes;
    this.#log = log;
    this.#outbox = outbox;
    this.#clock = clock;
  }

  /** Someone comes in, to leave with `leave`; undefined if nothing is limited. */
  enter(identity: Identity): CallerQuota | undefined {
    const limits = this.#limits;
    if (limits === undefined) return undefined;
    const nowMs = this.#nowMs();
    const key = identity.toHex();
    let quota = this.#identities.get(key);
    if (quota === undefined) {
      if (this.#identities.size >= this.#sweepAt) this.#sweep(nowMs);
      quota = new IdentityQuota(key, newBucket(limits.perIdentity, nowMs));
      this.#identities.set(key, quota);
    }
    quota.users++;
    return new CallerQuota(newBucket(limits.perConnection, nowMs), quota);
  }

  leave(quota: CallerQuota | undefined): void {
    if (quota === undefined) return;
    quota.identity.users--;
    if (quota.identity.isForgettable(this.#nowMs())) this.#identities.delete(quota.identity.key);
  }

  /** Identities whose quotas are kept. */
  get identityCount(): number {
    return this.#identities.size;
  }

  /** Takes what a subscription or query costs from a quota, or says why it may not be. */
  refuseRequest(quota: CallerQuota | undefined): Overload | undefined {
    if (this.#outbox.waitingBytes > this.#maxUnsyncedBytes) return this.#refuseForLog();
    return quota === undefined ? undefined : this.#take(quota, undefined);
  }

  /** As `refuseRequest`, for a call of a reducer or procedure, which may write. */
  refuseCall(quota: CallerQuota | undefined, functionName: string): Overload | undefined {
    return this.refuseWrite() ?? (quota === undefined ? undefined : this.#take(quota, functionName));
  }

  /** Why nothing may be done that waits for the log in the end, as to come in does. */
  refuseWhileBehind(): Overload | undefined {
    return this.isLogBehind ? this.#refuseForLog() : undefined;
  }

  /** Why nothing may be written. */
  refuseWrite(): Overload | undefined {
    const fullDisk = this.#log?.fullDisk;
    return fullDisk === undefined ? this.refuseWhileBehind() : this.refuseForDisk(fullDisk);
  }

  /** What is said, and counted, if the disk has no room. */
  refuseForDisk({ message }: Error): NoRoom {
    this.refused.fullDisk++;
    return { kind: 'overloaded', message, retryAfterSeconds: 1 };
  }

  /** Whether more waits for the disk than may. */
  get isLogBehind(): boolean {
    return (
      (this.#log !== undefined && this.#log.pendingBytes > this.#maxUnsyncedBytes) ||
      this.#outbox.waitingBytes > this.#maxUnsyncedBytes
    );
  }

  #refuseForLog(): Overload {
    this.refused.unsyncedLog++;
    const mib = Math.ceil(Math.max(this.#log?.pendingBytes ?? 0, this.#outbox.waitingBytes) / (1024 * 1024));
    const message = `the disk is behind: ${mib} MiB wait to be synced, which is the most; try again later`;
    return { kind: 'overloaded', message, retryAfterSeconds: 1 };
  }

  #take({ connection, identity }: CallerQuota, functionName: string | undefined): Overload | undefined {
    const nowMs = this.#nowMs();
    if (connection?.take(nowMs) === false) {
      this.refused.connection++;
      return tooMany('requests of this connection', connection);
    }
    if (identity.all?.take(nowMs) === false) {
      this.refused.identity++;
      return tooMany('requests of this identity', identity.all);
    }
    const limit = functionName === undefined ? undefined : this.#limits?.functions.get(functionName);
    if (limit === undefined || functionName === undefined) return undefined;
    let bucket = identity.byFunction.get(functionName);
    if (bucket === undefined) identity.byFunction.set(functionName, (bucket = new TokenBucket(limit, nowMs)));
    if (bucket.take(nowMs)) return undefined;
    this.refused.function++;
    return tooMany(`calls of ${functionName} by this identity`, bucket);
  }

  /** Forgets who has been quiet for long enough. Next time at twice what is left: each entry is looked at a few times. */
  #sweep(nowMs: number): void {
    for (const [key, quota] of this.#identities) if (quota.isForgettable(nowMs)) this.#identities.delete(key);
    this.#sweepAt = Math.max(MIN_SWEEP, 2 * this.#identities.size);
  }

  #nowMs(): number {
    return this.#clock.monotonicMs();
  }
}

const MIN_SWEEP = 1024;

function newBucket(limit: RateLimit | undefined, nowMs: number): TokenBucket | undefined {
  return limit === undefined ? undefined : new TokenBucket(limit, nowMs);
}

function tooMany(what: string, { limit, waitMs }: TokenBucket): Overload {
  const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1000));
  const rate = `${limit.perSecond} a second, ${limit.burst} at once`;
  const message = `too many requests: the limit of ${what} is ${rate}; try again in ${retryAfterSeconds} s`;
  return { kind: 'rateLimited', message, retryAfterSeconds };
}
