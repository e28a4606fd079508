import type { ByteWriter } from '@lightcone/sats';
import { OUTCOME_TAGS, SERVER_MESSAGE_TAGS } from './server-message.ts';

/*
 * Server messages written piece by piece, so that rows go from the table's pages into the frame
 * with no message object between. A `begin…` writes up to a count and returns where the count lies:
 * what it counts follows, and `writer.setU32(at, count)` fills it in.
 *
 *     beginSubscribeApplied ─ tables  ┬ writeTableName, row list
 *     beginTransactionUpdate ─ sets ┐
 *     beginReducerResultOk   ─ sets ┴ beginQuerySetUpdate ─ tables ─ beginTableUpdate ─ changes
 *                                          ┬ beginPersistentChanges, inserts list, deletes list
 *                                          └ beginEventChanges, events list
 */

/** @param identity 32 bytes, little-endian; `connectionId` 16 */
export function writeInitialConnection(
  writer: ByteWriter,
  identity: Uint8Array,
  connectionId: Uint8Array,
  token: string,
): void {
  writer.u8(SERVER_MESSAGE_TAGS.InitialConnection);
  writer.raw(identity);
  writer.raw(connectionId);
  writer.string(token);
}

/** @returns where the count of tables lies */
export function beginSubscribeApplied(writer: ByteWriter, requestId: number, querySetId: number): number {
  writer.u8(SERVER_MESSAGE_TAGS.SubscribeApplied);
  writer.u32(requestId);
  writer.u32(querySetId);
  return beginCount(writer);
}

/** The answer that carries the dropped rows. @returns where the count of tables lies */
export function beginUnsubscribeApplied(writer: ByteWriter, requestId: number, querySetId: number): number {
  writer.u8(SERVER_MESSAGE_TAGS.UnsubscribeApplied);
  writer.u32(requestId);
  writer.u32(querySetId);
  writer.u8(0);
  return beginCount(writer);
}

/** The answer without rows. */
export function writeUnsubscribeApplied(writer: ByteWriter, requestId: number, querySetId: number): void {
  writer.u8(SERVER_MESSAGE_TAGS.UnsubscribeApplied);
  writer.u32(requestId);
  writer.u32(querySetId);
  writer.u8(1);
}

export function writeSubscriptionError(
  writer: ByteWriter,
  requestId: number | undefined,
  querySetId: number,
  error: string,
): void {
  writer.u8(SERVER_MESSAGE_TAGS.SubscriptionError);
  if (requestId === undefined) {
    writer.u8(1);
  } else {
    writer.u8(0);
    writer.u32(requestId);
  }
  writer.u32(querySetId);
  writer.string(error);
}

/** @returns where the count of tables lies (the protocol wants exactly one table) */
export function beginOneOffQueryResult(writer: ByteWriter, requestId: number): number {
  writer.u8(SERVER_MESSAGE_TAGS.OneOffQueryResult);
  writer.u32(requestId);
  writer.u8(0);
  return beginCount(writer);
}

export function writeOneOffQueryError(writer: ByteWriter, requestId: number, error: string): void {
  writer.u8(SERVER_MESSAGE_TAGS.OneOffQueryResult);
  writer.u32(requestId);
  writer.u8(1);
  writer.string(error);
}

/** Begins an entry of a tables list; its row list follows. */
export function writeTableName(writer: ByteWriter, table: string): void {
  writer.string(table);
}

/** @returns where the count of query sets lies */
export function beginTransactionUpdate(writer: ByteWriter): number {
  writer.u8(SERVER_MESSAGE_TAGS.TransactionUpdate);
  return beginCount(writer);
}

/** @returns where the count of query sets lies */
export function beginReducerResultOk(
  writer: ByteWriter,
  requestId: number,
  timestampMicros: bigint,
  returnValue: Uint8Array,
): number {
  beginReducerResult(writer, requestId, timestampMicros, OUTCOME_TAGS.Ok);
  writer.lengthPrefixed(returnValue);
  return beginCount(writer);
}

export function writeReducerResultOkEmpty(writer: ByteWriter, requestId: number, timestampMicros: bigint): void {
  beginReducerResult(writer, requestId, timestampMicros, OUTCOME_TAGS.OkEmpty);
}

/** @param error BSATN of the reducer's error value */
export function writeReducerResultErr(
  writer: ByteWriter,
  requestId: number,
  timestampMicros: bigint,
  error: Uint8Array,
): void {
  beginReducerResult(writer, requestId, timestampMicros, OUTCOME_TAGS.Err);
  writer.lengthPrefixed(error);
}

/** The reducer's own error where its error type is a string, which travels as BSATN inside the bytes field. */
export function writeReducerResultErrText(
  writer: ByteWriter,
  requestId: number,
  timestampMicros: bigint,
  error: string,
): void {
  beginReducerResult(writer, requestId, timestampMicros, OUTCOME_TAGS.Err);
  const lengthAt = beginCount(writer);
  writer.string(error);
  writer.setU32(lengthAt, writer.length - lengthAt - 4);
}

export function writeReducerResultInternalError(
  writer: ByteWriter,
  requestId: number,
  timestampMicros: bigint,
  error: string,
): void {
  beginReducerResult(writer, requestId, timestampMicros, OUTCOME_TAGS.InternalError);
  writer.string(error);
}

/** @returns where the count of tables lies */
export function beginQuerySetUpdate(writer: ByteWriter, querySetId: number): number {
  writer.u32(querySetId);
  return beginCount(writer);
}

/** @returns where the count of changes lies: one for each plan of the query set that the table is part of */
export function beginTableUpdate(writer: ByteWriter, table: string): number {
  writer.string(table);
  return beginCount(writer);
}

/** The row list of inserts follows, then that of deletes. */
export function beginPersistentChanges(writer: ByteWriter): void {
  writer.u8(0);
}

/** The row list of events follows. */
export function beginEventChanges(writer: ByteWriter): void {
  writer.u8(1);
}

export function writeProcedureReturned(
  writer: ByteWriter,
  requestId: number,
  timestampMicros: bigint,
  durationMicros: bigint,
  value: Uint8Array,
): void {
  writer.u8(SERVER_MESSAGE_TAGS.ProcedureResult);
  writer.u8(0);
  writer.lengthPrefixed(value);
  endProcedureResult(writer, requestId, timestampMicros, durationMicros);
}

export function writeProcedureInternalError(
  writer: ByteWriter,
  requestId: number,
  timestampMicros: bigint,
  durationMicros: bigint,
  error: string,
): void {
  writer.u8(SERVER_MESSAGE_TAGS.ProcedureResult);
  writer.u8(1);
  writer.string(error);
  endProcedureResult(writer, requestId, timestampMicros, durationMicros);
}

function beginReducerResult(writer: ByteWriter, requestId: number, timestampMicros: bigint, outcome: number): void {
  writer.u8(SERVER_MESSAGE_TAGS.ReducerResult);
  writer.u32(requestId);
  writer.i64(timestampMicros);
  writer.u8(outcome);
}

function endProcedureResult(writer: ByteWriter, requestId: number, timestamp: bigint, duration: bigint): void {
  writer.i64(timestamp);
  writer.i64(duration);
  writer.u32(requestId);
}

function beginCount(writer: ByteWriter): number {
  const at = writer.length;
  writer.u32(0);
  return at;
}
