// What the exports that the compiler transform generates are made of.

import { Db, From, Soon } from '../generated';
import { ConnectionId } from '../types/connection-id';
import { Identity } from '../types/identity';
import { Timestamp } from '../types/timestamp';
import { readSource, writeTextToSink, writeWritten } from './bytes';
import { panic } from './panic';
import { HttpHandlerContext, ProcedureContext } from './procedure-context';
import { ReducerContext } from './reducer-context';
import { clearFailure, takeFailure } from './sender-error';
import { AnonymousViewContext, ViewContext } from './view-context';

const db = new Db();
const from = new From();
const soon = new Soon();

const FAILED: i32 = 1;

function connectionIdOf(low: u64, high: u64): ConnectionId | null {
  return low == 0 && high == 0 ? null : new ConnectionId(low, high);
}

export function beginReducer(
  sender0: u64,
  sender1: u64,
  sender2: u64,
  sender3: u64,
  connection0: u64,
  connection1: u64,
  timestamp: i64,
  args: u32,
): ReducerContext {
  clearFailure();
  readSource(args);
  return new ReducerContext(
    new Identity(sender0, sender1, sender2, sender3),
    connectionIdOf(connection0, connection1),
    new Timestamp(timestamp),
    db,
    soon,
  );
}

/** 0 if the call went well, else 1 with the message in the sink. */
export function endReducer(sink: u32): i32 {
  const failure = takeFailure();
  if (failure === null) return 0;
  writeTextToSink(sink, failure);
  return FAILED;
}

export function beginView(sender0: u64, sender1: u64, sender2: u64, sender3: u64, args: u32): ViewContext {
  clearFailure();
  readSource(args);
  return new ViewContext(new Identity(sender0, sender1, sender2, sender3), db, from);
}

export function beginAnonymousView(args: u32): AnonymousViewContext {
  clearFailure();
  readSource(args);
  return new AnonymousViewContext(db, from);
}

/** Sends the rows or the query that was written, or the failure. */
export function endView(sink: u32): i32 {
  const failure = takeFailure();
  if (failure === null) {
    writeWritten(sink);
    return 2;
  }
  writeTextToSink(sink, failure);
  return FAILED;
}

/** The call of something that the module does not have. */
export function unknownCall(kind: string, id: u32): void {
  panic(`this module has no ${kind} with the number ${id}`);
}

export function beginProcedure(
  sender0: u64,
  sender1: u64,
  sender2: u64,
  sender3: u64,
  connection0: u64,
  connection1: u64,
  timestamp: i64,
  args: u32,
): ProcedureContext {
  clearFailure();
  readSource(args);
  return new ProcedureContext(
    new Identity(sender0, sender1, sender2, sender3),
    connectionIdOf(connection0, connection1),
    new Timestamp(timestamp),
    db,
    soon,
  );
}

/** Sends the result that was written. The ABI knows no refusal of a procedure: a result of it has to say so. */
export function endProcedure(sink: u32): i32 {
  mustNotHaveFailed('a procedure');
  writeWritten(sink);
  return 0;
}

export function beginHttpHandler(timestamp: i64): HttpHandlerContext {
  clearFailure();
  return new HttpHandlerContext(new Timestamp(timestamp), db, soon);
}

export function endHttpHandler(): i32 {
  mustNotHaveFailed('an HTTP handler');
  return 0;
}

function mustNotHaveFailed(what: string): void {
  const failure = takeFailure();
  if (failure !== null) panic(`${what} threw a SenderError, which only reducers and views can: ${failure}`);
}
