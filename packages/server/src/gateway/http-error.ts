import type { Overload } from '@lightcone/engine';

/** An answer that is not the success: its status and its body, text unless `json` is given. */
export class HttpError extends Error {
  readonly status: number;
  /** The body, if it is JSON. */
  readonly json: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  constructor(status: number, text: string, json?: unknown, headers: Readonly<Record<string, string>> = {}) {
    super(text);
    this.status = status;
    this.json = json === undefined ? undefined : JSON.stringify(json);
    this.headers = headers;
  }
}

/** Answers who should ask again, and when. */
export function tryLater({ kind, message, retryAfterSeconds }: Overload): HttpError {
  const status = kind === 'rateLimited' ? 429 : 503;
  return new HttpError(status, message, undefined, { 'retry-after': String(retryAfterSeconds) });
}
