import { EngineError } from '../errors.ts';

export function invalidSnapshot(problem: string): EngineError {
  return new EngineError('ENGINE_INVALID_SNAPSHOT', `the snapshot of SpacetimeDB cannot be used: ${problem}`);
}
