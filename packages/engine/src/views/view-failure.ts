import { EngineError } from '../errors.ts';

/** A transaction that cannot be because a view that it concerns fails. */
export function viewFailure(viewName: string, reason: string): EngineError {
  return new EngineError('ENGINE_VIEW_FAILED', `view \`${viewName}\` failed: ${reason}`);
}

export function isViewFailure(error: unknown): error is EngineError {
  return error instanceof EngineError && error.code === 'ENGINE_VIEW_FAILED';
}
