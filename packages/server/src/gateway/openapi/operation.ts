/** A JSON Schema (2020-12), as OpenAPI 3.1 has it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** What is known of an operation of the HTTP interface beside what it does. The OpenAPI document is made of these. */
export interface OperationDescription {
  /** For generated clients, in camel case; never changed. */
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  /** Parameters after `?`, by name: those that are not here cannot be read. */
  readonly query?: Readonly<Record<string, ParameterDescription>>;
  /** Headers that matter beside those of every request. */
  readonly headers?: Readonly<Record<string, ParameterDescription>>;
  /** The request's body, by content type. */
  readonly body?: Readonly<Record<string, JsonSchema>>;
  /** By status. Those that follow from the route are added: a bad token, no such database, a body that is too long. */
  readonly answers: Readonly<Record<number, AnswerDescription>>;
}

export interface ParameterDescription {
  readonly description: string;
  readonly schema: JsonSchema;
  readonly isRequired?: boolean;
}

export interface AnswerDescription {
  readonly description: string;
  /** The body by content type; absent if there is none. */
  readonly content?: Readonly<Record<string, JsonSchema>>;
  /** Descriptions of its headers, by name. */
  readonly headers?: Readonly<Record<string, string>>;
}

export const TEXT = 'text/plain; charset=utf-8';
export const JSON_TYPE = 'application/json';
export const NDJSON = 'application/x-ndjson';
export const EVENTS = 'text/event-stream';
export const BYTES = 'application/octet-stream';

export const STRING: JsonSchema = { type: 'string' };
export const FLAG: JsonSchema = { type: 'boolean' };
export const COUNT: JsonSchema = { type: 'integer', minimum: 0, maximum: 4_294_967_295 };
export const PROGRAM: JsonSchema = { description: 'A program, as WebAssembly.' };

export function parameter(description: string, schema: JsonSchema = STRING): ParameterDescription {
  return { description, schema };
}

export function oneOf(...choices: string[]): JsonSchema {
  return { type: 'string', enum: choices };
}

export function listOf(items: JsonSchema): JsonSchema {
  return { type: 'array', items };
}

/** An object with these members, all of them there, and no others. */
export function object(properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false };
}

export function answersJson(
  description: string,
  schema: JsonSchema,
  headers?: AnswerDescription['headers'],
): AnswerDescription {
  return { description, content: { [JSON_TYPE]: schema }, ...(headers && { headers }) };
}

export function answersText(description: string, headers?: AnswerDescription['headers']): AnswerDescription {
  return { description, content: { [TEXT]: STRING }, ...(headers && { headers }) };
}

export function answersNothing(description: string): AnswerDescription {
  return { description };
}
