import { request as requestHttp } from 'node:http';
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import type { LookupFunction, Socket } from 'node:net';
import type { HttpExchange, HttpHeader } from '@lightcone/host';
import { type OutgoingHttp, OutgoingHttpError, type OutgoingRequest } from '../procedures/outgoing-http.ts';
import { AddressPolicy } from './address-policy.ts';
import { type Hop, redirectedHop } from './redirect.ts';
import { type Resolve, systemResolver } from './system-resolver.ts';

const MAX_REDIRECTS = 10;
/** The longest body that a module gets; a longer one fails the request. */
export const MAX_RESPONSE_BYTES: number = 32 * 1024 * 1024;
/** What the bodies that are being received take together: of one network, so of one database. */
export const MAX_RECEIVING_BYTES: number = 256 * 1024 * 1024;

const REFUSED_ADDRESS = 'refusing to connect to private or special-purpose addresses';

/** Between two neighbours, so not the module's to say: Node writes what is needed. */
const HOP_BY_HOP = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

export interface NodeOutgoingHttpOptions {
  /** The public internet by default. */
  readonly policy?: AddressPolicy;
  /** The resolver of the system by default. */
  readonly resolve?: Resolve;
  readonly maxResponseBytes?: number;
  readonly maxReceivingBytes?: number;
  /** By default they are; otherwise an answer that redirects is an answer like any other. */
  readonly followsRedirects?: boolean;
}

/**
 * Outgoing HTTP/1.1 over Node's own client, a connection for each request.
 *
 * A module's URL is a stranger's: the policy is asked about the very addresses that are connected to,
 * at the first request and at each redirect, so a name that resolves differently the second time
 * changes nothing. Proxies of the environment are not used: they would connect where the policy forbids.
 */
export class NodeOutgoingHttp implements OutgoingHttp {
  readonly #policy: AddressPolicy;
  readonly #resolve: Resolve;
  readonly #maxResponseBytes: number;
  readonly #maxReceivingBytes: number;
  #receivingBytes = 0;
  readonly #followsRedirects: boolean;

  constructor(options: NodeOutgoingHttpOptions = {}) {
    this.#policy = options.policy ?? AddressPolicy.publicOnly;
    this.#resolve = options.resolve ?? systemResolver();
    this.#maxResponseBytes = options.maxResponseBytes ?? MAX_RESPONSE_BYTES;
    this.#maxReceivingBytes = options.maxReceivingBytes ?? MAX_RECEIVING_BYTES;
    this.#followsRedirects = options.followsRedirects ?? true;
  }

  async send(request: OutgoingRequest, signal: AbortSignal): Promise<HttpExchange> {
    let hop = firstHop(request);
    const timedOut = failure(hop.url, 'timeout', 'operation timed out');
    if (request.timeoutMs === 0) throw timedOut;
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(timedOut), request.timeoutMs);
    const ended = AbortSignal.any([signal, timeout.signal]);
    try {
      for (let redirects = 0; ; redirects++) {
        ended.throwIfAborted();
        const response = await this.#exchange(hop, ended);
        const status = response.statusCode ?? 0;
        const next = this.#followsRedirects ? redirectedHop(hop, status, response.headers.location) : undefined;
        if (next === undefined) {
          const body = await this.#readBody(response, hop.url, ended);
          const version = response.httpVersion === '1.0' ? 'HTTP/1.0' : 'HTTP/1.1';
          return { response: { status, version, headers: headersOf(response) }, body };
        }
        response.destroy();
        if (redirects === MAX_REDIRECTS) throw failure(hop.url, 'failed', 'too many redirects');
        hop = next;
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends one request and resolves with the head of its answer. */
  #exchange({ method, url, headers, body }: Hop, signal: AbortSignal): Promise<IncomingMessage> {
    if (url.protocol !== 'http:' && url.protocol !== 'https:') {
      throw failure(url, 'invalid', 'URL scheme is not allowed; expected http or https');
    }
    const host = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname;
    // No look-up happens for an address.
    if (isIP(host) !== 0 && !this.#policy.allowsAddress(host)) throw failure(url, 'refused', REFUSED_ADDRESS);
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    let outgoing: ClientRequest;
    try {
      outgoing = (url.protocol === 'https:' ? requestHttps : requestHttp)({
        method,
        host,
        port: url.port === '' ? undefined : Number(url.port),
        path: url.pathname + url.search,
        agent: false,
        lookup: this.#lookup,
        // Whose certificate is expected; Node would take a Host header's word for it.
        servername: isIP(host) === 0 ? host : '',
        signal,
      } as RequestOptions);
      writeHeaders(outgoing, url, headers, body.length);
    } catch (cause) {
      throw failure(url, 'invalid', messageOf(cause), cause);
    }
    outgoing.on('response', resolve);
    outgoing.on('upgrade', (_response, socket: Socket) => {
      socket.destroy();
      reject(failure(url, 'failed', 'the server answers in another protocol'));
    });
    outgoing.on('error', (cause) => reject(signal.aborted ? signal.reason : failureOf(url, cause)));
    outgoing.end(body);
    return promise;
  }

  async #readBody(response: IncomingMessage, url: URL, signal: AbortSignal): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    let length = 0;
    try {
      for await (const chunk of response) {
        const bytes = chunk as Uint8Array; // no encoding is set
        length += bytes.length;
        this.#receivingBytes += bytes.length;
        const tooMuch = this.#tooMuch(length);
        if (tooMuch !== undefined) throw failure(url, 'failed', tooMuch);
        chunks.push(bytes);
      }
    } catch (cause) {
      throw signal.aborted ? signal.reason : failureOf(url, cause);
    } finally {
      this.#receivingBytes -= length;
    }
    const body = new Uint8Array(length);
    let at = 0;
    for (const chunk of chunks) {
      body.set(chunk, at);
      at += chunk.length;
    }
    return body;
  }

  /** Why no more of a body is received; undefined while it may go on. */
  #tooMuch(length: number): string | undefined {
    if (length > this.#maxResponseBytes) return `the response's body is longer than ${this.#maxResponseBytes} bytes`;
    if (this.#receivingBytes <= this.#maxReceivingBytes) return undefined;
    return (
      `the responses that the database's procedures are receiving have over ${this.#maxReceivingBytes} bytes, ` +
      'which is the most at once; try again later'
    );
  }

  /** Called by the socket when it connects, so what is checked is what is connected to. */
  readonly #lookup: LookupFunction = (hostname, options, callback) => {
    this.#resolve(hostname).then(
      (addresses) => {
        const allowed = this.#policy.allowsHost(hostname)
          ? [...addresses]
          : addresses.filter(({ address }) => this.#policy.allowsAddress(address));
        const [first] = allowed;
        if (first === undefined) callback(new RefusedAddress(), []);
        else if (options.all === true) callback(null, allowed);
        else callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, []),
    );
  };
}

class RefusedAddress extends Error {
  constructor() {
    super(REFUSED_ADDRESS);
  }
}

function firstHop({ method, url, headers, body }: OutgoingRequest): Hop {
  if (!URL.canParse(url)) {
    throw new OutgoingHttpError(
      'invalid',
      'builder error: invalid URI; expected an absolute one, http://… or https://…',
    );
  }
  const parsed = new URL(url);
  if (method === '') throw failure(parsed, 'invalid', 'the method is empty');
  // A tunnel to somewhere else is what the policy is there to prevent.
  if (method === 'CONNECT') throw failure(parsed, 'invalid', 'the method CONNECT is not supported');
  const isAuthorized = headers.some(({ name }) => name.toLowerCase() === 'authorization');
  if (parsed.username === '' && parsed.password === '') return { method, url: parsed, headers, body };
  const credentials = percentDecoded(`${parsed.username}:${parsed.password}`);
  const value = Buffer.from(`Basic ${credentials.toString('base64')}`);
  parsed.username = '';
  parsed.password = '';
  const added = isAuthorized ? [] : [{ name: 'authorization', value }];
  return { method, url: parsed, headers: [...headers, ...added], body };
}

/** The bytes that a part of a URL stands for; what is no escape stands for itself, as the URL standard has it. */
function percentDecoded(text: string): Buffer {
  const bytes = text.replaceAll(/%([\da-f]{2})/giu, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1'); // a parsed URL has ASCII only
}

function writeHeaders(request: ClientRequest, url: URL, headers: readonly HttpHeader[], bodyLength: number): void {
  request.setHeader('host', url.host);
  for (const { name, value } of headers) {
    const key = name.toLowerCase();
    if (HOP_BY_HOP.has(key)) continue;
    const text = Buffer.from(value).toString('latin1');
    // Two hosts would mean one thing to a proxy and another to the server behind it.
    if (key === 'host') request.setHeader(name, text);
    else request.appendHeader(name, text);
  }
  if (!request.hasHeader('accept')) request.setHeader('accept', '*/*');
  const takesBody = ['POST', 'PUT', 'PATCH'].includes(request.method);
  if (bodyLength > 0 || takesBody) request.setHeader('content-length', bodyLength);
}

function headersOf(response: IncomingMessage): HttpHeader[] {
  const { rawHeaders } = response;
  const headers: HttpHeader[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const value = new Uint8Array(Buffer.from(rawHeaders[i + 1]!, 'latin1')); // names and values alternate
    headers.push({ name: rawHeaders[i]!.toLowerCase(), value });
  }
  return headers;
}

function failureOf(url: URL, cause: unknown): OutgoingHttpError {
  if (cause instanceof OutgoingHttpError) return cause;
  return failure(url, cause instanceof RefusedAddress ? 'refused' : 'failed', messageOf(cause), cause);
}

/** @param url named without its query, which may hold secrets */
function failure(url: URL, reason: OutgoingHttpError['reason'], why: string, cause?: unknown): OutgoingHttpError {
  const shown = `${url.protocol}//${url.host}${url.pathname}`;
  return new OutgoingHttpError(reason, `error sending request for url (${shown}): ${why}`, { cause });
}

function messageOf(error: unknown): string {
  // Several addresses were tried.
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
