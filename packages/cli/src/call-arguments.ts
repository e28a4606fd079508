import { parseJson, specialType } from '@lightcone/sats';
import type { AlgebraicType, JsonValue } from '@lightcone/sats';
import type { FunctionDescription, ModuleDescription } from './module-description.ts';

/**
 * The JSON list for the arguments that somebody typed. Quotes around strings may be left out, and identities may be
 * plain hex; whether an argument fits its parameter is for the server to say.
 */
export function callArguments(
  module: ModuleDescription,
  called: FunctionDescription,
  texts: readonly string[],
): string {
  const values = texts.map((text, i) => {
    const param = called.params[i];
    return argumentJson(param === undefined ? undefined : module.resolve(param.type), text);
  });
  return `[${values.join(',')}]`;
}

function argumentJson(type: AlgebraicType | undefined, text: string): string {
  const value = parsedOrUndefined(text);
  if (type?.tag === 'String') return typeof value === 'string' ? text : JSON.stringify(text);
  if (type !== undefined && specialType(type) === 'Identity') {
    const [, digits] = /^"?(?:0x)?([0-9a-f]{64})"?$/iu.exec(text) ?? [];
    if (digits !== undefined) return `["0x${digits}"]`;
  }
  return value === undefined ? JSON.stringify(text) : text;
}

function parsedOrUndefined(text: string): JsonValue | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
