import { type AlgebraicType, types } from '@lightcone/sats';

/*
 * The messages of v1 as algebraic types (file 20 §6 of the specification). Both encodings follow from
 * them; they differ only in what stands for encoded arguments and for lists of rows.
 */

const { bytes, connectionId, identity, option, product, string, sum, array, timeDuration, timestamp, u8, u32, u64 } =
  types;

const queryId = product([['id', u32]]);

function clientMessage(args: AlgebraicType): AlgebraicType {
  const unsubscribe = product([
    ['request_id', u32],
    ['query_id', queryId],
  ]);
  return sum([
    [
      'CallReducer',
      product([
        ['reducer', string],
        ['args', args],
        ['request_id', u32],
        ['flags', u8],
      ]),
    ],
    [
      'Subscribe',
      product([
        ['query_strings', array(string)],
        ['request_id', u32],
      ]),
    ],
    [
      'OneOffQuery',
      product([
        ['message_id', bytes],
        ['query_string', string],
      ]),
    ],
    [
      'SubscribeSingle',
      product([
        ['query', string],
        ['request_id', u32],
        ['query_id', queryId],
      ]),
    ],
    [
      'SubscribeMulti',
      product([
        ['query_strings', array(string)],
        ['request_id', u32],
        ['query_id', queryId],
      ]),
    ],
    ['Unsubscribe', unsubscribe],
    ['UnsubscribeMulti', unsubscribe],
    [
      'CallProcedure',
      product([
        ['procedure', string],
        ['args', args],
        ['request_id', u32],
        ['flags', u8],
      ]),
    ],
  ]);
}

function serverMessage(rows: AlgebraicType, value: AlgebraicType, isCompressable: boolean): AlgebraicType {
  const plainUpdate = product([
    ['deletes', rows],
    ['inserts', rows],
  ]);
  const queryUpdate = isCompressable
    ? sum([
        ['Uncompressed', plainUpdate],
        ['Brotli', bytes],
        ['Gzip', bytes],
      ])
    : plainUpdate;
  const tableUpdate = product([
    ['table_id', u32],
    ['table_name', string],
    ['num_rows', u64],
    ['updates', array(queryUpdate)],
  ]);
  const databaseUpdate = product([['tables', array(tableUpdate)]]);
  const queryApplied = product([
    ['request_id', u32],
    ['total_host_execution_duration_micros', u64],
    ['query_id', queryId],
    [
      'rows',
      product([
        ['table_id', u32],
        ['table_name', string],
        ['table_rows', tableUpdate],
      ]),
    ],
  ]);
  const queriesApplied = product([
    ['request_id', u32],
    ['total_host_execution_duration_micros', u64],
    ['query_id', queryId],
    ['update', databaseUpdate],
  ]);
  return sum([
    [
      'InitialSubscription',
      product([
        ['database_update', databaseUpdate],
        ['request_id', u32],
        ['total_host_execution_duration', timeDuration],
      ]),
    ],
    [
      'TransactionUpdate',
      product([
        [
          'status',
          sum([
            ['Committed', databaseUpdate],
            ['Failed', string],
            ['OutOfEnergy', types.unit],
          ]),
        ],
        ['timestamp', timestamp],
        ['caller_identity', identity],
        ['caller_connection_id', connectionId],
        [
          'reducer_call',
          product([
            ['reducer_name', string],
            ['reducer_id', u32],
            ['args', value],
            ['request_id', u32],
          ]),
        ],
        ['energy_quanta_used', product([['quanta', types.u128]])],
        ['total_host_execution_duration', timeDuration],
      ]),
    ],
    [
      'TransactionUpdateLight',
      product([
        ['request_id', u32],
        ['update', databaseUpdate],
      ]),
    ],
    [
      'IdentityToken',
      product([
        ['identity', identity],
        ['token', string],
        ['connection_id', connectionId],
      ]),
    ],
    [
      'OneOffQueryResponse',
      product([
        ['message_id', bytes],
        ['error', option(string)],
        [
          'tables',
          array(
            product([
              ['table_name', string],
              ['rows', rows],
            ]),
          ),
        ],
        ['total_host_execution_duration', timeDuration],
      ]),
    ],
    ['SubscribeApplied', queryApplied],
    ['UnsubscribeApplied', queryApplied],
    [
      'SubscriptionError',
      product([
        ['total_host_execution_duration_micros', u64],
        ['request_id', option(u32)],
        ['query_id', option(u32)],
        ['table_id', option(u32)],
        ['error', string],
      ]),
    ],
    ['SubscribeMultiApplied', queriesApplied],
    ['UnsubscribeMultiApplied', queriesApplied],
    [
      'ProcedureResult',
      product([
        [
          'status',
          sum([
            ['Returned', value],
            ['OutOfEnergy', types.unit],
            ['InternalError', string],
          ]),
        ],
        ['timestamp', timestamp],
        ['total_host_execution_duration', timeDuration],
        ['request_id', u32],
      ]),
    ],
  ]);
}

const bsatnRows = product([
  [
    'size_hint',
    sum([
      ['FixedSize', types.u16],
      ['RowOffsets', array(u64)],
    ]),
  ],
  ['rows_data', bytes],
]);

/** Over BSATN arguments and returned values are BSATN in a field of bytes, and rows are a packed list. */
export const BSATN_MESSAGES: MessageTypes = {
  client: clientMessage(bytes),
  server: serverMessage(bsatnRows, bytes, true),
};

/** Over JSON arguments and returned values are JSON in a string, and so is each row. */
export const JSON_MESSAGES: MessageTypes = {
  client: clientMessage(string),
  server: serverMessage(array(string), string, false),
};

export interface MessageTypes {
  readonly client: AlgebraicType;
  readonly server: AlgebraicType;
}
