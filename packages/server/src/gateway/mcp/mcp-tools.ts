import { DatabaseFailure } from '../../database-thread/database-thread.ts';
import { ServerError } from '../../errors.ts';
import type { Caller } from '../../auth/caller.ts';
import type { DatabaseRecord } from '../../control/control-database.ts';
import type { Answer } from '../answer.ts';
import { HttpError } from '../http-error.ts';
import { FLAG, STRING } from '../openapi/operation.ts';
import type { JsonSchema } from '../openapi/operation.ts';
import { mustDatabase } from '../routes/context.ts';
import type { RouteContext } from '../routes/context.ts';
import { callFunction, readSchema, runSql } from '../routes/ask-database.ts';
import { INVALID_PARAMS, isObject, JsonRpcError } from './json-rpc.ts';
import type { Params } from './json-rpc.ts';

/** Something that a model may do with a server or a database. */
export interface McpTool {
  readonly description: string;
  readonly properties: Readonly<Record<string, JsonSchema>>;
  readonly required: readonly string[];
  /** @returns the text of the result. @throws HttpError for what went wrong, JsonRpcError for arguments */
  run(args: Params): string | Promise<string>;
}

export interface ToolResult {
  readonly content: readonly { readonly type: 'text'; readonly text: string }[];
  readonly isError: boolean;
}

/**
 * The tools of a caller, by name. What they may do is what the caller may do over HTTP.
 * @param scope names the database that they work with; undefined for all of the server
 */
export function mcpTools(
  context: RouteContext,
  caller: Caller,
  scope: string | undefined,
): Readonly<Record<string, McpTool>> {
  const target = (args: Params): DatabaseRecord => mustDatabase(context, scope ?? text(args, 'database'));
  /** A tool that works with a database; host-wide it is told which. */
  const onDatabase = (tool: McpTool): McpTool =>
    scope !== undefined
      ? tool
      : {
          ...tool,
          properties: { database: { ...STRING, description: 'Its name or identity.' }, ...tool.properties },
          required: ['database', ...tool.required],
        };
  return {
    ping: {
      description: 'Whether the server answers.',
      properties: { message: { ...STRING, description: 'Given back.' } },
      required: [],
      run: (args) => optional(args, 'message', 'string') ?? 'pong',
    },
    ...(scope === undefined && {
      list_databases: {
        description: 'The databases that the caller owns, as JSON.',
        properties: {},
        required: [],
        run: () => {
          const { control } = context;
          const owned = control.databasesOf(caller.identity);
          return JSON.stringify(owned.map((identity) => ({ identity, names: control.namesOf(identity) })));
        },
      },
    }),
    get_schema: onDatabase({
      description: 'The tables, functions and types of a database, as JSON of a RawModuleDefV9.',
      properties: {},
      required: [],
      run: (args) => readSchema(context, caller, target(args), 9),
    }),
    sql: onDatabase({
      description: 'Runs one statement of SQL.',
      properties: {
        sql: STRING,
        confirmed: { ...FLAG, description: 'Whether to wait until it is durable; true by default.' },
      },
      required: ['sql'],
      run: async (args) => {
        const isConfirmed = optional(args, 'confirmed', 'boolean') ?? true;
        const statement = text(args, 'sql');
        return bodyOf(await runSql(context, caller, target(args), statement, isConfirmed));
      },
    }),
    call: onDatabase({
      description: 'Calls a reducer or procedure.',
      properties: {
        reducer: { ...STRING, description: 'Its name.' },
        args: { type: 'array', description: 'Its arguments in their order; none by default.' },
      },
      required: ['reducer'],
      run: async (args) => {
        const name = text(args, 'reducer');
        const list = args['args'] ?? [];
        if (!Array.isArray(list)) throw new JsonRpcError(INVALID_PARAMS, 'expected a list as `args`');
        return bodyOf(await callFunction(context, caller, target(args), name, JSON.stringify(list)));
      },
    }),
  };
}

/** Runs the tool that the parameters of `tools/call` name. What goes wrong in it is a result, for the model to read. */
export async function callTool(tools: Readonly<Record<string, McpTool>>, params: Params): Promise<ToolResult> {
  const { name, arguments: args = {} } = params;
  if (typeof name !== 'string') throw new JsonRpcError(INVALID_PARAMS, 'missing `name`');
  const tool = Object.hasOwn(tools, name) ? tools[name] : undefined;
  if (tool === undefined) throw new JsonRpcError(INVALID_PARAMS, `unknown tool \`${name}\``);
  if (!isObject(args)) throw new JsonRpcError(INVALID_PARAMS, 'expected an object as `arguments`');
  try {
    return result(await tool.run(args), false);
  } catch (error) {
    if (error instanceof HttpError || error instanceof DatabaseFailure) return result(error.message, true);
    if (error instanceof ServerError && error.code === 'SERVER_DATABASE_STOPPED') return result(error.message, true);
    throw error;
  }
}

function result(content: string, isError: boolean): ToolResult {
  return { content: [{ type: 'text', text: content }], isError };
}

function bodyOf({ status, body = '' }: Answer): string {
  if (typeof body !== 'string') throw new Error('calls and SQL answer with texts');
  if (status !== 200) throw new HttpError(status, body);
  return body;
}

function text(args: Params, name: string): string {
  const value = optional(args, name, 'string');
  if (value === undefined) throw new JsonRpcError(INVALID_PARAMS, `missing argument \`${name}\``);
  return value;
}

function optional(args: Params, name: string, type: 'string'): string | undefined;
function optional(args: Params, name: string, type: 'boolean'): boolean | undefined;
function optional(args: Params, name: string, type: string): unknown {
  const value = Object.hasOwn(args, name) ? args[name] : undefined;
  // Models write null for what they leave out.
  if (value === undefined || value === null) return undefined;
  if (typeof value !== type) throw new JsonRpcError(INVALID_PARAMS, `expected a ${type} as argument \`${name}\``);
  return value;
}
