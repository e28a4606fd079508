import { isExactNumber, parseExact } from '../../exact-json.ts';
import { empty, json } from '../answer.ts';
import type { Answer } from '../answer.ts';

/** https://www.jsonrpc.org/specification#error_object */
const PARSE_ERROR = -32_700;
const INVALID_REQUEST = -32_600;
const METHOD_NOT_FOUND = -32_601;
export const INVALID_PARAMS = -32_602;

/** An error of the protocol, for the caller to hear. */
export class JsonRpcError extends Error {
  override readonly name = 'JsonRpcError';
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** Parameters of a request: an object, maybe without members. Its numbers are as `parseExact` makes them. */
export type Params = Readonly<Record<string, unknown>>;
export type Methods = Readonly<Record<string, (params: Params) => unknown>>;

/**
 * Answers one request of JSON-RPC 2.0: 200 with a result or an error, or 202 and nothing for a notification, which has no
 * id and here no effect.
 * @param methods by name; they throw `JsonRpcError`
 */
export async function answerJsonRpc(body: string, methods: Methods): Promise<Answer> {
  let request: unknown;
  try {
    request = parseExact(body);
  } catch (error) {
    return failure(null, PARSE_ERROR, `the body is no JSON: ${(error as Error).message}`);
  }
  if (!isObject(request)) return failure(null, INVALID_REQUEST, 'expected an object: one request at a time');
  const { id, method, params = {} } = request;
  if (id === undefined) return empty(202);
  if (id !== null && typeof id !== 'string' && !isExactNumber(id)) {
    return failure(null, INVALID_REQUEST, 'expected a text or a number as `id`');
  }
  if (typeof method !== 'string') return failure(id, INVALID_REQUEST, 'missing `method`');
  const run = Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (run === undefined) return failure(id, METHOD_NOT_FOUND, `unknown method \`${method}\``);
  if (!isObject(params)) return failure(id, INVALID_PARAMS, 'expected an object as `params`');
  try {
    return json({ jsonrpc: '2.0', id, result: await run(params) });
  } catch (error) {
    if (error instanceof JsonRpcError) return failure(id, error.code, error.message);
    throw error;
  }
}

export function isObject(value: unknown): value is Params {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isExactNumber(value);
}

function failure(id: unknown, code: number, message: string): Answer {
  return json({ jsonrpc: '2.0', id, error: { code, message } });
}
