import type { ByteWriter } from '@lightcone/sats';
import { BsatnForm } from './bsatn-form.ts';
import { JsonForm } from './json-form.ts';
import type { MessageForm } from './message-form.ts';
import type { ProcedureStatus, ReducerCallInfo, ServerMessage, TableUpdate, UpdateStatus } from './server-message.ts';

/**
 * Appends a message as BSATN, without a compression tag.
 * @param writeRows appends a row list: `writeRowList`, if it is one
 */
export function writeServerMessage<Rows>(
  writer: ByteWriter,
  message: ServerMessage<Rows, Uint8Array>,
  writeRows: (writer: ByteWriter, rows: Rows) => void,
): void {
  write(new BsatnForm(writer, writeRows), message);
}

/**
 * Appends a message as JSON in UTF-8.
 * @param writeRows appends an array of JSON strings, each the JSON text of a row: `writeJsonRows`, if they are texts
 */
export function writeJsonServerMessage<Rows>(
  writer: ByteWriter,
  message: ServerMessage<Rows, string>,
  writeRows: (writer: ByteWriter, rows: Rows) => void,
): void {
  write(new JsonForm(writer, writeRows), message);
}

/** Appends the JSON texts of rows as they travel. */
export function writeJsonRows(writer: ByteWriter, rows: readonly string[]): void {
  writer.text(JSON.stringify(rows));
}

const TAGS = {
  InitialSubscription: 0,
  TransactionUpdate: 1,
  TransactionUpdateLight: 2,
  IdentityToken: 3,
  OneOffQueryResponse: 4,
  SubscribeApplied: 5,
  UnsubscribeApplied: 6,
  SubscriptionError: 7,
  SubscribeMultiApplied: 8,
  UnsubscribeMultiApplied: 9,
  ProcedureResult: 10,
} as const;

function write<Rows, Value>(form: MessageForm<Rows, Value>, message: ServerMessage<Rows, Value>): void {
  const { tag } = message;
  form.variant(TAGS[tag], tag, () => form.product(() => writeFields(form, message)));
}

function writeFields<Rows, Value>(form: MessageForm<Rows, Value>, message: ServerMessage<Rows, Value>): void {
  switch (message.tag) {
    case 'InitialSubscription':
      form.field('database_update');
      writeDatabaseUpdate(form, message.tables);
      u32(form, 'request_id', message.requestId);
      duration(form, message.durationMicros);
      break;
    case 'TransactionUpdate':
      form.field('status');
      writeStatus(form, message.status);
      timestamp(form, message.timestampMicros);
      form.field('caller_identity');
      wrapped(form, '__identity__', () => form.wide(message.callerIdentity));
      form.field('caller_connection_id');
      wrapped(form, '__connection_id__', () => form.wide(message.callerConnectionId));
      form.field('reducer_call');
      writeReducerCall(form, message.reducerCall);
      form.field('energy_quanta_used');
      wrapped(form, 'quanta', () => form.u128(message.energyUsed));
      duration(form, message.durationMicros);
      break;
    case 'TransactionUpdateLight':
      u32(form, 'request_id', message.requestId);
      form.field('update');
      writeDatabaseUpdate(form, message.tables);
      break;
    case 'IdentityToken':
      form.field('identity');
      wrapped(form, '__identity__', () => form.wide(message.identity));
      text(form, 'token', message.token);
      form.field('connection_id');
      wrapped(form, '__connection_id__', () => form.wide(message.connectionId));
      break;
    case 'OneOffQueryResponse':
      form.field('message_id');
      form.bytes(message.messageId);
      form.field('error');
      writeOption(form, message.error, (error) => form.text(error));
      form.field('tables');
      form.list(message.tables, ({ table, rows }) =>
        form.product(() => {
          text(form, 'table_name', table);
          form.field('rows');
          form.rows(rows);
        }),
      );
      duration(form, message.durationMicros);
      break;
    case 'SubscribeApplied':
    case 'UnsubscribeApplied':
      writeAppliedStart(form, message);
      form.field('rows');
      form.product(() => {
        u32(form, 'table_id', message.table.tableId);
        text(form, 'table_name', message.table.table);
        form.field('table_rows');
        writeTableUpdate(form, message.table);
      });
      break;
    case 'SubscriptionError':
      durationCount(form, message.durationMicros);
      form.field('request_id');
      writeOption(form, message.requestId, (id) => form.u32(id));
      form.field('query_id');
      writeOption(form, message.queryId, (id) => form.u32(id));
      form.field('table_id');
      writeOption(form, message.tableId, (id) => form.u32(id));
      text(form, 'error', message.error);
      break;
    case 'SubscribeMultiApplied':
    case 'UnsubscribeMultiApplied':
      writeAppliedStart(form, message);
      form.field('update');
      writeDatabaseUpdate(form, message.tables);
      break;
    case 'ProcedureResult':
      form.field('status');
      writeProcedureStatus(form, message.status);
      timestamp(form, message.timestampMicros);
      duration(form, message.durationMicros);
      u32(form, 'request_id', message.requestId);
      break;
  }
}

function writeStatus<Rows, Value>(form: MessageForm<Rows, Value>, status: UpdateStatus<Rows>): void {
  switch (status.tag) {
    case 'Committed':
      form.variant(0, status.tag, () => writeDatabaseUpdate(form, status.tables));
      break;
    case 'Failed':
      form.variant(1, status.tag, () => form.text(status.error));
      break;
    case 'OutOfEnergy':
      form.unitVariant(2, status.tag);
      break;
  }
}

function writeProcedureStatus<Rows, Value>(form: MessageForm<Rows, Value>, status: ProcedureStatus<Value>): void {
  switch (status.tag) {
    case 'Returned':
      form.variant(0, status.tag, () => form.value(status.value));
      break;
    case 'OutOfEnergy':
      form.unitVariant(1, status.tag);
      break;
    case 'InternalError':
      form.variant(2, status.tag, () => form.text(status.error));
      break;
  }
}

function writeReducerCall<Rows, Value>(form: MessageForm<Rows, Value>, call: ReducerCallInfo<Value>): void {
  form.product(() => {
    text(form, 'reducer_name', call.reducerName);
    u32(form, 'reducer_id', call.reducerId);
    form.field('args');
    form.value(call.args);
    u32(form, 'request_id', call.requestId);
  });
}

function writeAppliedStart<Rows, Value>(
  form: MessageForm<Rows, Value>,
  { requestId, queryId, durationMicros }: { requestId: number; queryId: number; durationMicros: bigint },
): void {
  u32(form, 'request_id', requestId);
  durationCount(form, durationMicros);
  form.field('query_id');
  wrapped(form, 'id', () => form.u32(queryId));
}

function writeDatabaseUpdate<Rows, Value>(form: MessageForm<Rows, Value>, tables: readonly TableUpdate<Rows>[]): void {
  form.product(() => {
    form.field('tables');
    form.list(tables, (table) => writeTableUpdate(form, table));
  });
}

function writeTableUpdate<Rows, Value>(
  form: MessageForm<Rows, Value>,
  { tableId, table, rowCount, updates }: TableUpdate<Rows>,
): void {
  form.product(() => {
    u32(form, 'table_id', tableId);
    text(form, 'table_name', table);
    form.field('num_rows');
    form.u64(rowCount);
    form.field('updates');
    form.list(updates, ({ deletes, inserts }) =>
      form.uncompressed(() =>
        form.product(() => {
          form.field('deletes');
          form.rows(deletes);
          form.field('inserts');
          form.rows(inserts);
        }),
      ),
    );
  });
}

type Form = MessageForm<never, never>;

function u32(form: Form, name: string, value: number): void {
  form.field(name);
  form.u32(value);
}

function text(form: Form, name: string, value: string): void {
  form.field(name);
  form.text(value);
}

function timestamp(form: Form, micros: bigint): void {
  form.field('timestamp');
  wrapped(form, '__timestamp_micros_since_unix_epoch__', () => form.i64(micros));
}

function duration(form: Form, micros: bigint): void {
  form.field('total_host_execution_duration');
  wrapped(form, '__time_duration_micros__', () => form.i64(micros));
}

function durationCount(form: Form, micros: bigint): void {
  form.field('total_host_execution_duration_micros');
  form.i64(micros);
}

/** A product of one field. */
function wrapped(form: Form, name: string, write: () => void): void {
  form.product(() => {
    form.field(name);
    write();
  });
}

function writeOption<Some>(form: Form, value: Some | undefined, write: (value: Some) => void): void {
  if (value === undefined) form.unitVariant(1, 'none');
  else form.variant(0, 'some', () => write(value));
}
