import type { Readable } from 'node:stream';

/** What a route answers: status, headers, and a body with its content type or none. */
export interface Answer {
  readonly status: number;
  readonly body?: string | Readable;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * A JSON body, given as text. Its content type is exactly this: the official CLI compares it with
 * `application/json` and fails on a charset behind it.
 */
export function jsonText(body: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status: 200, body, contentType: 'application/json', headers };
}

export function json(value: unknown): Answer {
  return jsonText(JSON.stringify(value));
}

export function text(status: number, body: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, body, contentType: 'text/plain; charset=utf-8', headers };
}

export function empty(status: number): Answer {
  return { status };
}
