import type { IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { addAbortSignal } from 'node:stream';
import { text as readText } from 'node:stream/consumers';
import { parseJson } from '@lightcone/sats';
import type { JsonValue } from '@lightcone/sats';
import { CliError } from '../errors.ts';
import { httpRequest } from './http-request.ts';
import { isLocal } from './target-server.ts';
import type { TargetServer } from './target-server.ts';

export interface RequestOptions {
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: string | Uint8Array;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** How long an answer that comes in pieces may say nothing; for good by default. */
  readonly maxSilenceMs?: number;
  /** Ends the reading of lines. */
  readonly signal?: AbortSignal;
}

/** An answer, whatever its status. */
export interface Answer {
  readonly status: number;
  readonly text: string;
}

const PING = '/v1/ping';

/** What servers of any kind answer where there is nothing. */
const NOTHING_THERE = [404, 405, 501];

/** Sends requests to one server in the name of one login, or of nobody. */
export class ServerClient {
  readonly server: TargetServer;
  /** Undefined for nobody. */
  readonly token: string | undefined;
  /** It has answered something as a server of databases does. */
  #isKnown = false;

  constructor(server: TargetServer, token: string | undefined) {
    this.server = server;
    this.token = token;
  }

  /**
   * Sends a request and reads the whole answer.
   *
   * @param path begins with `/v1`
   * @throws CliError `CLI_UNREACHABLE`; `CLI_UNEXPECTED_ANSWER` for a web page, which no server of databases answers
   */
  async request(method: string, path: string, options: RequestOptions = {}): Promise<Answer> {
    const message = await this.#send(method, path, options);
    const status = message.statusCode ?? 0;
    try {
      const text = await readText(message);
      // To a ping it answers nothing; what answers anything to everything does not.
      if (isSuccess(status) && (path !== PING || text === '')) this.#isKnown = true;
      return { status, text };
    } catch (cause) {
      throw this.#unreachable(cause);
    }
  }

  /** As `request`, but a status other than 2xx is an error: `CLI_REFUSED`. */
  async requestOk(method: string, path: string, options: RequestOptions = {}): Promise<string> {
    const answer = await this.request(method, path, options);
    if (!isSuccess(answer.status)) throw await this.refusal(answer);
    return answer.text;
  }

  /** As `requestOk`, for JSON: `CLI_UNEXPECTED_ANSWER` if it is none. */
  async requestJson(method: string, path: string, options: RequestOptions = {}): Promise<JsonValue> {
    return this.mustJson(await this.requestOk(method, path, options));
  }

  /** @param text that was to be JSON. @throws CliError `CLI_UNEXPECTED_ANSWER` */
  mustJson(text: string): JsonValue {
    try {
      return parseJson(text);
    } catch (cause) {
      throw this.noServer(`expected JSON, found ${JSON.stringify(text.slice(0, 80))}`, cause);
    }
  }

  /** The lines of a GET as they come. @throws CliError `CLI_REFUSED`, `CLI_UNREACHABLE`, also after some lines */
  async *lines(path: string, options: RequestOptions = {}): AsyncGenerator<string, void> {
    yield* (await this.openLines(path, options)).lines;
  }

  /** Sends a GET whose answer is read line by line. @throws CliError as `lines`, which throws the later ones itself */
  async openLines(
    path: string,
    options: RequestOptions,
  ): Promise<{ contentType: string; lines: AsyncIterable<string> }> {
    const message = await this.#send('GET', path, options);
    const status = message.statusCode ?? 0;
    if (!isSuccess(status)) throw await this.refusal({ status, text: await readText(message) });
    const { maxSilenceMs, signal } = options;
    if (signal !== undefined) addAbortSignal(signal, message);
    if (maxSilenceMs !== undefined) {
      message.setTimeout(maxSilenceMs, () => message.destroy(new Error(`it said nothing for ${maxSilenceMs} ms`)));
    }
    return { contentType: message.headers['content-type'] ?? '', lines: this.#linesOf(message) };
  }

  /**
   * Opens a WebSocket.
   *
   * @param protocols the subprotocols that are understood
   * @throws CliError `CLI_UNREACHABLE`, also if the server refuses it, whose reason a WebSocket does not tell
   */
  async openWebSocket(path: string, query: RequestOptions['query'], protocols: readonly string[]): Promise<WebSocket> {
    const url = this.#urlOf(path, query);
    url.protocol = url.protocol.replace('http', 'ws');
    const headers = this.token === undefined ? {} : { authorization: `Bearer ${this.token}` };
    // Node's takes headers as well, which types made for browsers do not know.
    const options: object = { protocols: [...protocols], headers };
    const socket = new WebSocket(url, options as string[]);
    socket.binaryType = 'arraybuffer';
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener('open', () => resolve(), { once: true });
      const refused = (event: Event): void => reject(this.#unreachable('error' in event ? event.error : event));
      socket.addEventListener('error', refused, { once: true });
    });
    return socket;
  }

  async *#linesOf(message: IncomingMessage): AsyncGenerator<string, void> {
    try {
      yield* createInterface({ input: message });
    } catch (cause) {
      throw this.#unreachable(cause);
    }
  }

  /** The error for an answer that is not a success. */
  async refusal({ status, text }: Answer): Promise<CliError> {
    if (NOTHING_THERE.includes(status) && !(await this.isServer())) return this.noServer(`it answered ${status}`);
    const message = text.trim() === '' ? `${this.#which} answered ${status}` : text.trim();
    return new CliError('CLI_REFUSED', message, { hint: this.#hintFor(status, message) });
  }

  /** Whether there is a server of databases, as far as can be seen; asks it, if it has not answered anything yet. */
  async isServer(): Promise<boolean> {
    if (this.#isKnown) return true;
    const { status, text } = await this.request('GET', PING);
    return status === 200 ? text === '' : !NOTHING_THERE.includes(status);
  }

  /** The error for what answers at the address and is no server of databases. */
  noServer(reason: string, cause?: unknown): CliError {
    return new CliError(
      'CLI_UNEXPECTED_ANSWER',
      `What answers at ${this.server.url} does not look like a server of Lightcone or SpacetimeDB: ${reason}.`,
      {
        cause,
        hint:
          'Check the address, and whether a proxy there finds the server; or name another server with --server. ' +
          '`spacetime server list` shows the saved ones.',
      },
    );
  }

  #hintFor(status: number, message: string): string | undefined {
    if (status === 401) return this.#loginHint();
    if (status !== 403 || !message.includes('is not authorized to perform action')) return undefined;
    return 'The database belongs to another login. `spacetime login show` shows the saved ones.';
  }

  async #send(method: string, path: string, options: RequestOptions): Promise<IncomingMessage> {
    const { query, body, contentType } = options;
    const url = this.#urlOf(path, query);
    const headers: Record<string, string> = { ...options.headers };
    if (this.token !== undefined) headers['authorization'] = `Bearer ${this.token}`;
    if (contentType !== undefined) headers['content-type'] = contentType;
    const message = await httpRequest({ method, url, headers, body }).catch((cause: unknown) => {
      throw this.#unreachable(cause);
    });
    if (message.headers['content-type']?.startsWith('text/html') !== true) return message;
    message.destroy();
    throw this.noServer(`it sent a web page, with status ${message.statusCode ?? 0}`);
  }

  #urlOf(path: string, query: RequestOptions['query'] = {}): URL {
    const url = new URL(path, this.server.url);
    for (const [key, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(key, value);
    }
    return url;
  }

  #unreachable(cause: unknown): CliError {
    const { host, port } = new URL(this.server.url);
    const start = port === '3000' ? 'spacetime start' : `spacetime start --listen-addr ${host}`;
    const wayOut = isLocal(this.server) ? `Start it with \`${start}\`, or name` : 'Check the address, or name';
    return new CliError('CLI_UNREACHABLE', `The server ${this.#which} cannot be reached: ${reasonOf(cause)}`, {
      cause,
      hint: `${wayOut} another server with --server. \`spacetime server list\` shows the saved ones.`,
    });
  }

  get #which(): string {
    const { name, url } = this.server;
    return name === url ? url : `${name} (${url})`;
  }

  #loginHint(): string | undefined {
    if (this.token === undefined) return undefined;
    return (
      `${this.server.name} does not accept the saved login; another server may have issued it. ` +
      `Get one with \`spacetime login --server-issued-login ${this.server.name}\`, or use --anonymous.`
    );
  }
}

function isSuccess(status: number): boolean {
  return status >= 200 && status <= 299;
}

function reasonOf(error: unknown): string {
  // Node tries all addresses of a host and then says nothing but that all failed.
  if (error instanceof AggregateError && error.message === '') return error.errors.map(reasonOf).join(', ');
  return error instanceof Error ? error.message : String(error);
}
