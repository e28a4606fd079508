import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpHandlerResponse, HttpHandlerResult, HttpHeader } from '@lightcone/engine';
import type { Logger } from 'pino';
import { CORS_HEADERS, describeError, PREFLIGHT_HEADERS } from './http-application.ts';
import { HttpError, tryLater } from './http-error.ts';
import { externalUrl } from './external-url.ts';
import { readBody } from './request-body.ts';
import { DEFAULT_MAX_BODY_BYTES } from './route.ts';
import { mustDatabase } from './routes/context.ts';
import type { RouteContext } from './routes/context.ts';

const ROUTE = '/v1/database/:database/route/*';

/** Meant for the neighbour, not for the other end (RFC 9110 §7.6.1). */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Every answer of the server says the same here, and browsers refuse two. */
const CORS_ORIGIN = 'access-control-allow-origin';

/** Answers without a body (RFC 9110 §6.4.1). */
const BODILESS = new Set([204, 304]);

/**
 * The routes of modules, below `/v1/database/:database/route`.
 *
 * They are answered beside the application of the other routes: a module may see every method, path and
 * header as the client sent it, and what it answers passes through unchanged. Nobody is authenticated.
 */
export class ModuleHttp {
  readonly #context: RouteContext;
  readonly #log: Logger;
  #isRefusing = false;

  constructor(context: RouteContext, log: Logger) {
    this.#context = context;
    this.#log = log;
  }

  /** Whether a request is for a module. */
  static takes(request: IncomingMessage): boolean {
    return targetOf(request) !== undefined;
  }

  /** Refuses new requests; those that are being answered still are. */
  refuse(): void {
    this.#isRefusing = true;
  }

  /** Answers a request that `takes` took. Never rejects. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const start = performance.now();
    response.once('finish', () => {
      const seconds = (performance.now() - start) / 1000;
      this.#context.requestTimes.observe(ROUTE, request.method ?? '', response.statusCode, seconds);
    });
    try {
      if (request.method === 'OPTIONS') {
        // The module never sees these: they are for browsers, about what is here.
        sendText(response, 200, PREFLIGHT_HEADERS, '');
        return;
      }
      sendAnswer(request, response, await this.#handle(request));
    } catch (error) {
      if (response.destroyed) return;
      const { status, headers, body } = describeError(error as Error, this.#log);
      const close = status === 413 ? { connection: 'close' } : {};
      sendText(response, status, { ...headers, ...close }, body);
    }
  }

  async #handle(request: IncomingMessage): Promise<HttpHandlerResponse> {
    // To the end before anything is answered: who is still sending would not read an answer.
    const body = await readBody(request, DEFAULT_MAX_BODY_BYTES);
    if (this.#isRefusing) throw new HttpError(503, 'The server is stopping');
    const target = targetOf(request)!; // it was taken
    const record = mustDatabase(this.#context, decode(target.database));
    const path = decode(target.path);
    const database = await this.#context.databases.open(record);
    const from = request.socket.remoteAddress ?? '';
    const input = {
      path,
      request: {
        method: request.method ?? '',
        uri: externalUrl(request),
        headers: requestHeaders(request.rawHeaders),
        timeoutMicros: undefined,
        version: request.httpVersion === '1.0' ? 'HTTP/1.0' : 'HTTP/1.1',
      },
      body,
      from,
    } as const;
    const result = await database.thread.ask(from, 'handleHttp', input, body.length);
    if ('retryAfterSeconds' in result) throw tryLater(result);
    const answer = mustHaveResponded(result);
    database.counts.httpBytes += answer.body.length;
    return answer;
  }
}

/** What the URL of a request for a module names: the database, and the path after `/route`, both as sent. */
function targetOf({ url = '' }: IncomingMessage): { readonly database: string; readonly path: string } | undefined {
  const path = url.replace(/^https?:\/\/[^/?]*/iu, '');
  const [, database, rest] = /^\/v1\/database\/([^/?]+)\/route(\/[^?]*)?(?:\?|$)/u.exec(path) ?? [];
  return database === undefined ? undefined : { database, path: rest ?? '' };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new HttpError(400, 'Invalid URL');
  }
}

function mustHaveResponded(result: HttpHandlerResult): HttpHandlerResponse {
  switch (result.kind) {
    case 'responded':
      return result;
    case 'noRoute':
      throw new HttpError(404, 'Database has not registered a handler for this route');
    // Whoever visits a module's routes knows nothing of its energy: it failed.
    case 'failed':
    case 'outOfEnergy':
      throw new HttpError(500, result.message);
    case 'busy':
      throw new HttpError(503, result.message);
  }
}

function requestHeaders(rawHeaders: readonly string[]): HttpHeader[] {
  const headers: HttpHeader[] = [];
  const dropped = new Set(HOP_BY_HOP);
  for (const [name, value] of pairs(rawHeaders)) {
    if (name === 'connection') for (const token of value.split(',')) dropped.add(token.trim().toLowerCase());
  }
  for (const [name, value] of pairs(rawHeaders)) {
    if (!dropped.has(name)) headers.push({ name, value: new Uint8Array(Buffer.from(value, 'latin1')) });
  }
  return headers;
}

/** Names, in lower case, and values of headers as Node lists them. */
function* pairs(rawHeaders: readonly string[]): Generator<[name: string, value: string]> {
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) yield [rawHeaders[i]!.toLowerCase(), rawHeaders[i + 1]!]; // both there
}

function sendAnswer(request: IncomingMessage, response: ServerResponse, answer: HttpHandlerResponse): void {
  const { status, headers } = answer.response;
  // Those below 200 announce another answer, and there is none.
  if (status < 200 || status > 999) throw new HttpError(500, `the handler's response has the status ${status}`);
  const lines: string[] = Object.entries(CORS_HEADERS).flat();
  const isHead = request.method === 'HEAD';
  for (const { name, value } of headers) {
    const key = name.toLowerCase();
    const text = Buffer.from(value).toString('latin1');
    try {
      validateHeaderName(name);
      validateHeaderValue(name, text);
    } catch {
      throw new HttpError(500, `the handler's response has an invalid header ${JSON.stringify(name)}`);
    }
    if (HOP_BY_HOP.has(key) || key === CORS_ORIGIN) continue;
    // The length is that of the body, which only an answer to HEAD may leave out.
    if (key !== 'content-length' || isHead) lines.push(name, text);
  }
  if (!BODILESS.has(status) && !isHead) lines.push('content-length', String(answer.body.length));
  send(response, status, lines, BODILESS.has(status) ? '' : answer.body);
}

function sendText(response: ServerResponse, status: number, headers: Record<string, string>, body: string): void {
  const all = { ...CORS_HEADERS, ...headers, 'content-length': String(Buffer.byteLength(body)) };
  send(response, status, Object.entries(all).flat(), body);
}

/** @param lines names and values in turn */
function send(response: ServerResponse, status: number, lines: string[], body: string | Uint8Array): void {
  if (response.destroyed) return; // the client is gone
  response.writeHead(status, lines);
  response.end(body);
}
