import { COUNT, FLAG, listOf, object, oneOf, STRING } from './operation.ts';
import type { JsonSchema } from './operation.ts';

const MICROS: JsonSchema = { type: 'integer', description: 'Microseconds since 1970.' };
const NOTHING: JsonSchema = { type: 'array', maxItems: 0 };

/** What has a name in the OpenAPI document. */
export const schemas: Readonly<Record<string, JsonSchema>> = {
  Identity: { type: 'string', pattern: '^[0-9a-f]{64}$', description: '256 bits, the first digit first.' },
  SatsIdentity: object({ __identity__: { type: 'string', pattern: '^0x[0-9a-f]{1,64}$' } }),
  Hash: {
    type: 'string',
    pattern: '^0x[0-9a-f]{1,64}$',
    description: 'Keccak-256, its 32 bytes read as a little-endian number.',
  },
  Token: { type: 'string', description: 'A JSON Web Token.' },
  DatabaseName: { type: 'string', pattern: '^[a-z0-9]+(-[a-z0-9]+)*$' },
  Published: object({
    Success: object({
      domain: { type: ['string', 'null'], description: 'The name in the path, if there was one.' },
      database_identity: ref('Identity'),
      op: oneOf('created', 'updated'),
    }),
  }),
  UpdatePlan: {
    oneOf: [
      object({
        AutoMigrate: {
          type: 'object',
          properties: {
            migrate_plan: { type: 'string', description: 'The plan in words.' },
            break_clients: FLAG,
            token: ref('Hash'),
            major_version_upgrade: FLAG,
            data_conflicts: { ...listOf(STRING), description: 'Only when asked for. What rows are in the way of.' },
          },
          required: ['migrate_plan', 'break_clients', 'token', 'major_version_upgrade'],
          additionalProperties: false,
        },
      }),
      object({ ManualMigrate: object({ reason: STRING, major_version_upgrade: FLAG }) }),
    ],
  },
  DatabaseDescription: object({
    database_identity: ref('SatsIdentity'),
    owner_identity: ref('SatsIdentity'),
    host_type: { oneOf: [object({ Wasm: NOTHING }), object({ Js: NOTHING })] },
    initial_program: ref('Hash'),
  }),
  SqlResults: {
    type: 'array',
    minItems: 1,
    maxItems: 1,
    items: object({
      schema: object({
        elements: listOf(object({ name: ref('Option'), algebraic_type: { type: 'object' } })),
      }),
      rows: listOf({ type: 'array', description: 'The values in the order of `schema.elements`.' }),
      total_duration_micros: COUNT,
      stats: object({ rows_inserted: COUNT, rows_deleted: COUNT, rows_updated: COUNT }),
    }),
  },
  Option: { oneOf: [object({ some: {} }), object({ none: NOTHING })] },
  ModuleDefinition9: {
    type: 'object',
    required: ['typespace', 'tables', 'reducers', 'types', 'misc_exports', 'row_level_security'],
  },
  ModuleDefinition10: object({ sections: listOf({ type: 'object', description: 'One member: the kind of section.' }) }),
  LogRecord: {
    type: 'object',
    properties: {
      level: oneOf('Error', 'Warn', 'Info', 'Debug', 'Trace', 'Panic'),
      ts: MICROS,
      target: STRING,
      filename: STRING,
      line_number: COUNT,
      function: STRING,
      message: STRING,
      trace: listOf({ type: 'object', properties: { module_name: STRING, func_name: STRING } }),
    },
    required: ['level', 'ts', 'message'],
    additionalProperties: false,
  },
  JsonRpcRequest: {
    type: 'object',
    properties: {
      jsonrpc: { const: '2.0' },
      id: ref('JsonRpcId'),
      method: oneOf('initialize', 'ping', 'tools/list', 'tools/call'),
      params: { type: 'object' },
    },
    required: ['method'],
  },
  JsonRpcId: { type: ['string', 'integer', 'null'] },
  JsonRpcResponse: {
    oneOf: [
      object({ jsonrpc: { const: '2.0' }, id: ref('JsonRpcId'), result: { type: 'object' } }),
      object({
        jsonrpc: { const: '2.0' },
        id: ref('JsonRpcId'),
        error: object({ code: { type: 'integer' }, message: STRING }),
      }),
    ],
  },
  Timestamp: object({ __timestamp_micros_since_unix_epoch__: MICROS }),
  Health: object({ nodes: listOf(COUNT), package_name: STRING, schedulable: FLAG, version: STRING }),
  Balance: object({ balance: { type: 'string', pattern: '^-?\\d+$' } }),
};

/** Refers to one of `schemas`. */
export function ref(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}
