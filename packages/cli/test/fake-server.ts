import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface SeenRequest {
  readonly method: string;
  /** With the query. */
  readonly url: string;
  readonly token: string | undefined;
  readonly contentType: string | undefined;
  readonly lastEventId: string | undefined;
  readonly body: string;
}

/** What to answer: a body with status 200, another status, or something of the handler's own. */
export type FakeAnswer =
  | string
  | { readonly status: number; readonly body?: string }
  | ((response: ServerResponse, request: SeenRequest) => unknown);

/** A server that answers what it was told, and remembers what it was asked. */
export class FakeServer implements AsyncDisposable {
  readonly requests: SeenRequest[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @param answers by `METHOD /path`, without the query; a ping is answered, anything else is 404 */
  static async start(answers: Readonly<Record<string, FakeAnswer>>): Promise<FakeServer> {
    const server = createServer();
    const fake = new FakeServer(server);
    server.on('request', (incoming, response) => void fake.#answer(answers, incoming, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return fake;
  }

  async #answer(
    answers: Readonly<Record<string, FakeAnswer>>,
    incoming: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const request: SeenRequest = {
      method: incoming.method ?? '',
      url: incoming.url ?? '',
      token: incoming.headers.authorization?.replace('Bearer ', ''),
      lastEventId: incoming.headers['last-event-id']?.toString(),
      contentType: incoming.headers['content-type'],
      body: await text(incoming),
    };
    this.requests.push(request);
    const asked = `${request.method} ${request.url.replace(/\?.*/, '')}`;
    const answer = answers[asked] ?? { status: asked === 'GET /v1/ping' ? 200 : 404 };
    if (typeof answer === 'function') answer(response, request);
    else if (typeof answer === 'string') response.end(answer);
    else response.writeHead(answer.status).end(answer.body);
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  /** `METHOD /path?query` of each request. */
  get seen(): string[] {
    return this.requests.map(({ method, url }) => `${method} ${url}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
