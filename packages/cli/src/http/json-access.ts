import { formatJson, isJsonArray, isJsonObject } from '@lightcone/sats';
import type { JsonValue } from '@lightcone/sats';
import { CliError } from '../errors.ts';

/** Reads members out of what a server sent. What is not there is `CLI_UNEXPECTED_ANSWER`. */
export function mustMember(json: JsonValue | undefined, key: string): JsonValue {
  const member = findMember(json, key);
  return member === undefined ? fail(`a member ${JSON.stringify(key)}`, json) : member;
}

export function findMember(json: JsonValue | undefined, key: string): JsonValue | undefined {
  return json !== undefined && isJsonObject(json) && Object.hasOwn(json, key) ? json[key] : undefined;
}

export function mustList(json: JsonValue | undefined): readonly JsonValue[] {
  return json !== undefined && isJsonArray(json) ? json : fail('a list', json);
}

export function mustText(json: JsonValue | undefined): string {
  return typeof json === 'string' ? json : fail('a text', json);
}

function fail(expected: string, found: JsonValue | undefined): never {
  const text = found === undefined ? 'nothing' : formatJson(found).slice(0, 80);
  throw new CliError(
    'CLI_UNEXPECTED_ANSWER',
    `The server sent something unexpected: expected ${expected}, found ${text}`,
  );
}
