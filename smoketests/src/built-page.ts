import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.wasm': 'application/wasm',
};

/** A page built by Vite and served as any web server would. */
export class BuiltPage implements AsyncDisposable {
  readonly #folder: string;
  readonly #server: Server;

  private constructor(folder: string, server: Server) {
    this.#folder = folder;
    this.#server = server;
  }

  /**
   * @param source the folder of the page
   * @param passOn requests to `path` and below it go to `to` as they are, so that a page reaches a service which knows
   *   nothing of other origins
   */
  static async serve(source: string, passOn?: { readonly path: string; readonly to: string }): Promise<BuiltPage> {
    const folder = mkdtempSync(join(tmpdir(), 'lightcone-page-'));
    const vite = join(source, 'node_modules', '.bin', 'vite');
    const args = ['build', '--outDir', folder, '--emptyOutDir', '--logLevel', 'warn'];
    const { status, stderr } = spawnSync(vite, args, { cwd: source, encoding: 'utf8' });
    if (status !== 0) throw new Error(`vite could not build the page:\n${stderr}`);
    const server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://page');
      if (passOn !== undefined && (pathname === passOn.path || pathname.startsWith(`${passOn.path}/`))) {
        passRequest(request, response, passOn.to);
        return;
      }
      const path = pathname === '/' ? '/index.html' : pathname;
      try {
        const body = readFileSync(join(folder, path));
        response.writeHead(200, { 'content-type': contentTypes[extname(path)] ?? 'application/octet-stream' });
        response.end(body);
      } catch {
        response.writeHead(404);
        response.end();
      }
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new BuiltPage(folder, server);
  }

  /** Without a slash at the end. */
  get origin(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    rmSync(this.#folder, { recursive: true });
    await once(this.#server, 'close');
  }
}

/** With all headers as they are, the host that a signature may be made for as well. */
function passRequest(request: IncomingMessage, response: ServerResponse, to: string): void {
  const { method, headers, url } = request;
  const onward = httpRequest(new URL(url ?? '/', to), { method: method ?? 'GET', headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  request.pipe(onward);
}
