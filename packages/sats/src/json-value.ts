/**
 * A JSON document with exact integers.
 *
 * Out of `parseJson` a `bigint` is an integer literal and a `number` is one with a point or an exponent (or `-0`).
 * Objects are plain; a key `__proto__` is an ordinary key of its own.
 */
export type JsonValue = null | boolean | string | number | bigint | readonly JsonValue[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: JsonValue;
}

export function isJsonArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

export function isJsonObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !isJsonArray(value);
}

/** Writes a document without spaces. A bigint has all its digits; NaN and infinities become `null`. */
export function formatJson(value: JsonValue): string {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (isJsonObject(value)) {
    return `{${Object.entries(value)
      .map(([key, member]) => `${JSON.stringify(key)}:${formatJson(member)}`)
      .join()}}`;
  }
  return `[${value.map(formatJson).join()}]`;
}
