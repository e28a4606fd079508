import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CompactSign, exportJWK, generateKeyPair } from 'jose';

export type Respond = (request: IncomingMessage, response: ServerResponse) => void;

interface IssuerKey {
  readonly id: string | undefined;
  readonly algorithm: string;
  readonly privateKey: CryptoKey;
  readonly jwk: Record<string, unknown>;
}

/** An OpenID Connect issuer on this machine: real keys, a real server, and answers that a test can change. */
export class LocalIssuer implements AsyncDisposable {
  readonly url: string;
  /** Paths of the requests that came, in their order. */
  readonly requests: string[] = [];
  keys: IssuerKey[] = [];
  /** Answers instead of it, by path. */
  readonly responses: Record<string, Respond> = {};
  readonly #server: ReturnType<typeof createServer>;

  private constructor(server: ReturnType<typeof createServer>, path: string) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
    server.on('request', (request: IncomingMessage, response: ServerResponse) => this.#answer(request, response));
  }

  /** @param path of the issuer's URL, as `/realms/dev` */
  static async start(path = ''): Promise<LocalIssuer> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const issuer = new LocalIssuer(server, path);
    await issuer.addKey('ES256', 'first');
    return issuer;
  }

  async addKey(algorithm: string, id: string | undefined): Promise<IssuerKey> {
    const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), ...(id !== undefined && { kid: id }) };
    const key = { id, algorithm, privateKey, jwk };
    this.keys.push(key);
    return key;
  }

  /** A token of it, signed with its newest key unless another is given. */
  sign(claims: object = {}, key: IssuerKey | undefined = this.keys.at(-1), header: object = {}): Promise<string> {
    if (key === undefined) throw new Error('the issuer has no key');
    const seconds = Math.floor(Date.now() / 1000);
    const payload = JSON.stringify({
      iss: this.url,
      sub: 'alice',
      aud: 'my-app',
      iat: seconds,
      exp: seconds + 60,
      ...claims,
    });
    return new CompactSign(Buffer.from(payload))
      .setProtectedHeader({ alg: key.algorithm, ...(key.id !== undefined && { kid: key.id }), ...header })
      .sign(key.privateKey);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '';
    this.requests.push(path);
    const respond = this.responses[path];
    if (respond !== undefined) respond(request, response);
    else if (path === `${new URL(this.url).pathname.replace(/\/$/u, '')}/.well-known/openid-configuration`) {
      const { origin } = new URL(this.url);
      response.end(JSON.stringify({ issuer: this.url, jwks_uri: `${origin}/keys` }));
    } else if (path === '/keys') {
      response.end(JSON.stringify({ keys: this.keys.map(({ jwk }) => jwk) }));
    } else response.writeHead(404).end('no such page');
  }
}
