import type { CallArgs, QueryUpdate, ServerMessage } from '@lightcone/protocol/v1';
import type { RowSource, RowsPlan } from '@lightcone/query';
import type { ByteWriter } from '@lightcone/sats';
import type { LiveQuery } from '../subscriptions/live-query.ts';
import type { CalledProcedure } from './wire.ts';
import type { LoadedModule, Reducer } from '../loaded-module.ts';

/**
 * What differs between `v1.bsatn` and `v1.json`: the forms of rows, of arguments and of messages.
 *
 * Row lists are passed around encoded. Their bytes are valid until the transaction is published, or
 * the answer written that they were made for.
 */
export interface V1Encoding<Value> {
  readonly name: 'v1.bsatn' | 'v1.json';
  /** The encoding of no arguments at all. */
  readonly noArgs: Value;
  /** The list of no rows. */
  readonly noRows: Uint8Array;

  /** All rows of a query now. */
  encodeRows(plan: RowsPlan, rows: RowSource, sender: Uint8Array): EncodedRows;

  /**
   * What the transaction being published changed in a query's result.
   * @param changes where the query's changes are encoded
   */
  encodeChanges(query: LiveQuery, changes: Uint8Array): QueryUpdate<Uint8Array>;

  /** Arguments of a reducer, which are valid BSATN of its parameters. */
  encodeArgs(module: LoadedModule, reducer: Reducer, args: Uint8Array): Value;

  /** Arguments as a client sent them, if they are in this form already. */
  echoArgs(args: CallArgs): Value | undefined;

  /** What a procedure returned, which is valid BSATN of its return type. */
  encodeReturned(called: CalledProcedure, value: Uint8Array): Value;

  write(writer: ByteWriter, message: ServerMessage<Uint8Array, Value>): void;
}

export interface EncodedRows {
  readonly count: number;
  readonly list: Uint8Array;
}
