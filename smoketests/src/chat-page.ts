import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { chatPageFolder } from './modules.ts';

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
};

/** The chat's page, built by Vite and served as any web server would. */
export class ChatPage implements AsyncDisposable {
  readonly #folder: string;
  readonly #server: Server;

  private constructor(folder: string, server: Server) {
    this.#folder = folder;
    this.#server = server;
  }

  static async serve(): Promise<ChatPage> {
    const folder = mkdtempSync(join(tmpdir(), 'lightcone-page-'));
    const vite = join(chatPageFolder, 'node_modules', '.bin', 'vite');
    const args = ['build', '--outDir', folder, '--emptyOutDir', '--logLevel', 'warn'];
    const { status, stderr } = spawnSync(vite, args, { cwd: chatPageFolder, encoding: 'utf8' });
    if (status !== 0) throw new Error(`vite could not build the page:\n${stderr}`);
    const server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://page');
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
    return new ChatPage(folder, server);
  }

  /** The page's address for a server and a database. */
  url(host: string, database: string): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/?${new URLSearchParams({ host, database })}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    rmSync(this.#folder, { recursive: true });
    await once(this.#server, 'close');
  }
}
