import type { StandardSchemaV1 } from '@standard-schema/spec';
import { LocalError } from '../errors.ts';

/**
 * What a Standard Schema makes of `value`.
 * @throws LocalError `LOCAL_INVALID_VALUE` with all that it has to say, or if it wants to be awaited
 */
export function validated(schema: StandardSchemaV1, value: unknown, what: string): unknown {
  const result = schema['~standard'].validate(value);
  if ('then' in result)
    throw new LocalError(
      'LOCAL_INVALID_VALUE',
      `${what}: its check (${schema['~standard'].vendor}) is asynchronous; a save cannot wait for it`,
    );
  if (result.issues !== undefined)
    throw new LocalError('LOCAL_INVALID_VALUE', `${what}: ${result.issues.map(({ message }) => message).join('; ')}`);
  return result.value;
}
