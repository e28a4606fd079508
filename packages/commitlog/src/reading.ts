import { CommitLogError } from './errors.ts';

/** What the platform says against reading becomes `LOG_READ_FAILED`; errors of our own pass through. */
export async function reading<Result>(path: string, deed: () => Promise<Result>): Promise<Result> {
  try {
    return await deed();
  } catch (error) {
    if (error instanceof CommitLogError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommitLogError('LOG_READ_FAILED', `${path} cannot be read: ${reason}`, { cause: error });
  }
}
