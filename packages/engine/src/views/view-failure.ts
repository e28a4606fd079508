import type { ViewDef } from '@lightcone/schema';
import { EngineError } from '../errors.ts';

/** Why a view has no rows. */
export interface ViewFailure {
  /** For whoever reads the view or changes what it reads: nothing that only the owner may know. */
  readonly message: string;
  /** For the owner. */
  readonly detail: string;
}

/**
 * A transaction that cannot be because a view that it concerns fails. Its message is for callers, who do not
 * learn the name of a private view either; its cause is what the owner may know.
 */
export function failedView({ name, isPublic }: ViewDef, { message, detail }: ViewFailure): EngineError {
  const cause = new Error(`view \`${name}\` failed: ${detail}`);
  const subject = isPublic ? `view \`${name}\`` : 'a private view';
  return new EngineError('ENGINE_VIEW_FAILED', `${subject} failed: ${message}`, { cause });
}

export function isViewFailure(error: unknown): error is EngineError {
  return error instanceof EngineError && error.code === 'ENGINE_VIEW_FAILED';
}

/** What the owner may know of a failure that {@link failedView} made. */
export function ownersMessage(failure: EngineError): string {
  return failure.cause instanceof Error ? failure.cause.message : failure.message;
}
