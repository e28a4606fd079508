import type { ByteWriter } from '@lightcone/sats';
import { writeRowList } from '../row-list.ts';
import type { QuerySetUpdate, ReducerResult, ServerMessage, TableRows, TableUpdate } from './server-message.ts';
import {
  beginEventChanges,
  beginOneOffQueryResult,
  beginPersistentChanges,
  beginQuerySetUpdate,
  beginReducerResultOk,
  beginSubscribeApplied,
  beginTableUpdate,
  beginTransactionUpdate,
  beginUnsubscribeApplied,
  writeInitialConnection,
  writeOneOffQueryError,
  writeProcedureInternalError,
  writeProcedureReturned,
  writeReducerResultErr,
  writeReducerResultInternalError,
  writeReducerResultOkEmpty,
  writeSubscriptionError,
  writeTableName,
  writeUnsubscribeApplied,
} from './server-message-parts.ts';

/** Appends one message that exists as an object. The server's own path writes the parts instead. */
export function writeServerMessage(writer: ByteWriter, message: ServerMessage): void {
  switch (message.tag) {
    case 'InitialConnection':
      writeInitialConnection(writer, message.identity, message.connectionId, message.token);
      break;
    case 'SubscribeApplied':
      writeTables(writer, beginSubscribeApplied(writer, message.requestId, message.querySetId), message.tables);
      break;
    case 'UnsubscribeApplied':
      if (message.tables === undefined) writeUnsubscribeApplied(writer, message.requestId, message.querySetId);
      else writeTables(writer, beginUnsubscribeApplied(writer, message.requestId, message.querySetId), message.tables);
      break;
    case 'SubscriptionError':
      writeSubscriptionError(writer, message.requestId, message.querySetId, message.error);
      break;
    case 'TransactionUpdate':
      writeQuerySets(writer, beginTransactionUpdate(writer), message.querySets);
      break;
    case 'OneOffQueryResult':
      if (message.result.tag === 'err') writeOneOffQueryError(writer, message.requestId, message.result.error);
      else writeTables(writer, beginOneOffQueryResult(writer, message.requestId), message.result.tables);
      break;
    case 'ReducerResult':
      writeReducerResult(writer, message);
      break;
    case 'ProcedureResult': {
      const { status, requestId, timestampMicros, durationMicros } = message;
      if (status.tag === 'Returned') {
        writeProcedureReturned(writer, requestId, timestampMicros, durationMicros, status.value);
      } else {
        writeProcedureInternalError(writer, requestId, timestampMicros, durationMicros, status.error);
      }
      break;
    }
  }
}

function writeReducerResult(writer: ByteWriter, { requestId, timestampMicros, outcome }: ReducerResult): void {
  switch (outcome.tag) {
    case 'Ok': {
      const countAt = beginReducerResultOk(writer, requestId, timestampMicros, outcome.returnValue);
      writeQuerySets(writer, countAt, outcome.querySets);
      break;
    }
    case 'OkEmpty':
      writeReducerResultOkEmpty(writer, requestId, timestampMicros);
      break;
    case 'Err':
      writeReducerResultErr(writer, requestId, timestampMicros, outcome.error);
      break;
    case 'InternalError':
      writeReducerResultInternalError(writer, requestId, timestampMicros, outcome.error);
      break;
  }
}

function writeTables(writer: ByteWriter, countAt: number, tables: readonly TableRows[]): void {
  writer.setU32(countAt, tables.length);
  for (const { table, rows } of tables) {
    writeTableName(writer, table);
    writeRowList(writer, rows);
  }
}

function writeQuerySets(writer: ByteWriter, countAt: number, querySets: readonly QuerySetUpdate[]): void {
  writer.setU32(countAt, querySets.length);
  for (const { querySetId, tables } of querySets) {
    const tablesAt = beginQuerySetUpdate(writer, querySetId);
    writer.setU32(tablesAt, tables.length);
    for (const table of tables) writeTableUpdate(writer, table);
  }
}

function writeTableUpdate(writer: ByteWriter, { table, changes }: TableUpdate): void {
  const changesAt = beginTableUpdate(writer, table);
  writer.setU32(changesAt, changes.length);
  for (const change of changes) {
    if (change.tag === 'EventTable') {
      beginEventChanges(writer);
      writeRowList(writer, change.events);
    } else {
      beginPersistentChanges(writer);
      writeRowList(writer, change.inserts);
      writeRowList(writer, change.deletes);
    }
  }
}
