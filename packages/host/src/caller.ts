/**
 * Who calls a reducer, in the words in which the guest takes it. Made once per connection: converting 48 bytes to
 * bigints for every call would cost as much as the call.
 */
export class Caller {
  /** The 32 bytes of the identity as four little-endian words. */
  readonly sender0: bigint;
  readonly sender1: bigint;
  readonly sender2: bigint;
  readonly sender3: bigint;
  /** The 16 bytes of the connection id as two little-endian words; both 0 for none. */
  readonly connection0: bigint;
  readonly connection1: bigint;

  /** @param identity 32 little-endian bytes; @param connectionId 16 little-endian bytes, all 0 for none */
  constructor(identity: Uint8Array, connectionId: Uint8Array) {
    const sender = new DataView(identity.buffer, identity.byteOffset, 32);
    const connection = new DataView(connectionId.buffer, connectionId.byteOffset, 16);
    this.sender0 = sender.getBigInt64(0, true);
    this.sender1 = sender.getBigInt64(8, true);
    this.sender2 = sender.getBigInt64(16, true);
    this.sender3 = sender.getBigInt64(24, true);
    this.connection0 = connection.getBigInt64(0, true);
    this.connection1 = connection.getBigInt64(8, true);
  }
}
