import type { LiveOptions, Subscription } from './live-query.ts';

/** A live query to be iterated over. A failed run is thrown, which ends it. */
export async function* liveRows<Row>(
  subscribe: (options: LiveOptions<Row>) => Subscription,
  signal?: AbortSignal,
): AsyncGenerator<readonly Row[], void, void> {
  let latest: readonly Row[] | undefined;
  let failure: { error: unknown } | undefined;
  let wake = Promise.withResolvers<void>();
  if (signal?.aborted) return;
  const subscription = subscribe({
    onRows: (rows) => {
      latest = rows;
      wake.resolve();
    },
    onError: (error) => {
      failure = { error };
      wake.resolve();
    },
  });
  const aborted = (): void => wake.resolve();
  signal?.addEventListener('abort', aborted);
  try {
    while (true) {
      await wake.promise;
      wake = Promise.withResolvers();
      if (signal?.aborted) return;
      if (failure !== undefined) throw failure.error;
      if (latest === undefined) continue;
      const rows = latest;
      latest = undefined;
      yield rows;
    }
  } finally {
    subscription.stop();
    signal?.removeEventListener('abort', aborted);
  }
}
