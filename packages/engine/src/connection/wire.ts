import type { ByteWriter } from '@lightcone/sats';
import type { Client } from '../client.ts';
import type { LoadedModule, Procedure } from '../loaded-module.ts';
import type { ProcedureFailure, ProcedureReturned } from '../procedures/procedure-result.ts';
import type { TransactionInputs } from '../transaction-record.ts';
import type { InboundFrame } from './inbound-frame.ts';

/**
 * What a message asks for, in steps: each is begun by `next`, and transactions of others may run in between. What the
 * client sees of them is of one moment all the same.
 */
export type Steps = Iterator<void, void>;

/**
 * How clients of one wire version are spoken to: messages in, messages out. A database has one for
 * each version; what belongs to a client is in the client.
 *
 * Everything is written to the client's lane of the outbox. Registration, evaluation and sharing are
 * the same for all versions (`Subscriptions`).
 */
export interface Wire {
  /** Greets a client that was admitted. @param token as it presented it */
  sendFirstMessage(client: Client, token: string): void;

  /**
   * Does what the next message of a frame asks for, and moves on behind it.
   * @returns what is left to do, before the client's next message: all of it where a message may ask for much
   * @throws ProtocolError for a message that is wrong; what came before it in the frame is done and answered
   */
  receive(client: Client, frame: InboundFrame): Steps | undefined;

  sendProcedureReturn(client: Client, requestId: number, called: CalledProcedure, result: ProcedureReturned): void;

  sendProcedureFailure(client: Client, requestId: number, failure: ProcedureFailure): void;

  /** Clients with equal shapes get the same bytes for the transaction that is being published. */
  updateShape(client: Client): string;

  /** Writes what the transaction changed for a client that is not its caller. */
  writeUpdate(writer: ByteWriter, client: Client, origin: TransactionOrigin): void;

  /** Tells of a query set that is no more, for a reason that is not the client's. */
  querySetEnded(client: Client, querySetId: number, error: string): void;
}

export interface CalledProcedure {
  readonly module: LoadedModule;
  readonly procedure: Procedure;
}

/** Where a transaction comes from, as far as subscribers may be told. */
export interface TransactionOrigin {
  /** Undefined for what no reducer did. */
  readonly inputs: TransactionInputs | undefined;
  /** The caller's number for the call; 0 if it gave none. */
  readonly requestId: number;
}
