// JavaScript Promise Integration (https://github.com/WebAssembly/js-promise-integration): TypeScript does not know it yet.
interface PromiseIntegration {
  readonly Suspending: new (run: () => unknown) => object;
  readonly promising: (run: unknown) => (...args: never[]) => Promise<unknown>;
}

const integration = WebAssembly as unknown as PromiseIntegration; // in every runtime that this package supports

/** An import that suspends the guest until its promise is settled. */
export function suspending(run: () => Promise<unknown>): object {
  return new integration.Suspending(run);
}

/** An export in which the guest may be suspended: it answers a promise of its result. */
export function promising<Args extends readonly unknown[], Result>(
  run: (...args: Args) => Result,
): (...args: Args) => Promise<Result> {
  return integration.promising(run) as unknown as (...args: Args) => Promise<Result>;
}
