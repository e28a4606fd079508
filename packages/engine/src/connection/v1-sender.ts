import type { ServerMessage, TableUpdate } from '@lightcone/protocol/v1';
import type { Client } from '../client.ts';
import type { Core } from '../core.ts';
import type { V1Encoding } from './v1-encoding.ts';
import { changedQueries, tableUpdates } from './v1-changes.ts';

/** Writes messages of v1 to the lanes of clients. */
export class V1Sender<Value> {
  readonly core: Core;
  readonly encoding: V1Encoding<Value>;

  constructor(core: Core, encoding: V1Encoding<Value>) {
    this.core = core;
    this.encoding = encoding;
  }

  send(client: Client, message: ServerMessage<Uint8Array, Value>): void {
    const lane = this.core.outbox.lane(client.isConfirmed);
    lane.begin(client.number);
    this.encoding.write(lane.writer, message);
    lane.end();
  }

  /** What the transaction being published changed for a client. */
  tableUpdates(client: Client): TableUpdate<Uint8Array>[] {
    const { changes } = this.core.subscriptions;
    return tableUpdates(changedQueries(client), (query) => this.encoding.encodeChanges(query, changes));
  }

  /** A point in time to measure from. */
  now(): bigint {
    return this.core.options.clock.monotonicNanos();
  }

  /** Microseconds since a `now`. */
  microsSince(startNanos: bigint): bigint {
    return (this.now() - startNanos) / 1000n;
  }

  /** Microseconds since a time of the wall clock, which may have been set back. */
  microsSinceTime(micros: bigint): bigint {
    const passed = this.core.options.clock.nowMicros() - micros;
    return passed > 0n ? passed : 0n;
  }
}
