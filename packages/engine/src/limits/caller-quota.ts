import type { TokenBucket } from './token-bucket.ts';

/** What one connection, or one request over HTTP, may still ask for. */
export class CallerQuota {
  readonly connection: TokenBucket | undefined;
  readonly identity: IdentityQuota;

  constructor(connection: TokenBucket | undefined, identity: IdentityQuota) {
    this.connection = connection;
    this.identity = identity;
  }
}

/** What one identity may still ask for, over everything that it has open. */
export class IdentityQuota {
  /** Its identity in hex. */
  readonly key: string;
  readonly all: TokenBucket | undefined;
  readonly byFunction: Map<string, TokenBucket> = new Map();
  /** Connections and requests that share it. */
  users = 0;

  constructor(key: string, all: TokenBucket | undefined) {
    this.key = key;
    this.all = all;
  }

  /** Whether a new one would be the same, and nobody has it. */
  isForgettable(nowMs: number): boolean {
    if (this.users > 0 || this.all?.isFull(nowMs) === false) return false;
    for (const bucket of this.byFunction.values()) if (!bucket.isFull(nowMs)) return false;
    return true;
  }
}
