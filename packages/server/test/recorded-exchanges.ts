import { readFileSync } from 'node:fs';

/** A request and its answer, as SpacetimeDB 2.8.3 gave it. */
export interface Exchange {
  readonly name: string;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly headers?: Record<string, string>;
    readonly body?: string;
  };
  readonly response: {
    readonly status: number;
    readonly headers: Record<string, string>;
    readonly text?: string;
    readonly json?: unknown;
    readonly ndjson?: unknown[];
  };
}

/** In the order in which they were recorded. */
export const exchanges = JSON.parse(
  readFileSync(new URL('../vectors/http.json', import.meta.url), 'utf8'),
) as readonly Exchange[];
