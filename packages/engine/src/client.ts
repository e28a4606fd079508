import { Caller as HostCaller } from '@lightcone/host';
import type { Subprotocol } from '@lightcone/protocol';
import type { ConnectionId, Identity } from '@lightcone/sats';
import type { Wire } from './connection/wire.ts';
import type { CallerQuota } from './limits/caller-quota.ts';
import type { QuerySet } from './subscriptions/query-set.ts';

/** Who calls: an identity, over one connection. */
export interface Caller {
  readonly identity: Identity;
  readonly connectionId: ConnectionId;
  /** The decoded claims of the caller's token, as JSON text; modules read them. */
  readonly jwtPayload: string;
}

/** A caller at work, with the form in which guests take it. */
export class ActiveCaller implements Caller {
  readonly identity: Identity;
  readonly connectionId: ConnectionId;
  readonly jwtPayload: string;
  readonly words: HostCaller;

  constructor({ identity, connectionId, jwtPayload }: Caller) {
    this.identity = identity;
    this.connectionId = connectionId;
    this.jwtPayload = jwtPayload;
    this.words = new HostCaller(identity.bytes, connectionId.bytes);
  }
}

/** What the gateway says of a new WebSocket connection. */
export interface ConnectRequest extends Caller {
  /** The gateway's number for the connection, unique among the live ones of this database. */
  readonly number: number;
  /** The token as the client presented it: the first message echoes it. */
  readonly token: string;
  readonly protocol: Subprotocol;
  /** Whether the client is to see only what a restart cannot lose. */
  readonly isConfirmed: boolean;
  /** On v1: whether of others' transactions it wants the changes alone. Other protocols have nothing else. */
  readonly isLight?: boolean;
}

/** A connected client and what it subscribes to. */
export class Client {
  readonly number: number;
  readonly caller: ActiveCaller;
  /** How it is spoken to. */
  readonly wire: Wire;
  readonly isConfirmed: boolean;
  readonly isLight: boolean;
  readonly isOwner: boolean;
  /** That of `caller`. */
  readonly identity: Identity;
  /** What it may ask for; undefined without limits. */
  readonly quota: CallerQuota | undefined;
  /** Whether the connection has ended: answers that come later have nowhere to go. */
  isGone = false;
  readonly querySets: Map<number, QuerySet> = new Map();
  /** The query set that gathers its queries, while a subscribe of the client is at that. */
  gathering: QuerySet | undefined;
  /** Those of the query sets together. */
  queryCount = 0;
  queryWeight = 0;
  wideWeight = 0;
  /** The query sets that the transaction being evaluated changed; empty between transactions. */
  readonly changedQuerySets: QuerySet[] = [];

  constructor(request: ConnectRequest, wire: Wire, isOwner: boolean, quota: CallerQuota | undefined) {
    this.quota = quota;
    this.isOwner = isOwner;
    this.wire = wire;
    this.number = request.number;
    this.caller = new ActiveCaller(request);
    this.identity = request.identity;
    this.isConfirmed = request.isConfirmed;
    this.isLight = request.isLight ?? false;
  }
}
