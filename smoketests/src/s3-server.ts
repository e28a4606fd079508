import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { freePort } from './free-port.ts';

const startTimeoutMs = 30_000;

export const VERSITYGW = '/usr/local/bin/versitygw';

/** A server that speaks the protocol of S3, in a process of its own, with a bucket in a temporary folder. */
export class S3Server implements AsyncDisposable {
  readonly bucket = 'my-bucket';
  readonly #folder = mkdtempSync(join(tmpdir(), 'lightcone-s3-'));
  #port = 0;
  #child: ChildProcessByStdio<null, Readable, Readable> | undefined;

  static async start(): Promise<S3Server> {
    const server = new S3Server();
    mkdirSync(join(server.#folder, server.bucket));
    server.#port = await freePort();
    try {
      await server.restart();
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
    return server;
  }

  /** Where a program finds it, and as whom, in the variables that programs read. */
  get env(): Record<string, string> {
    return {
      AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${this.#port}`,
      AWS_ACCESS_KEY_ID: 'smoke-user',
      AWS_SECRET_ACCESS_KEY: 'smoke-secret',
      AWS_REGION: 'us-east-1',
    };
  }

  /** Starts it (again) on the same port and folder. */
  async restart(): Promise<void> {
    const args = ['--port', `127.0.0.1:${this.#port}`, 'posix', this.#folder];
    const child = spawn(VERSITYGW, args, {
      env: { ROOT_ACCESS_KEY: 'smoke-user', ROOT_SECRET_KEY: 'smoke-secret' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    let output = '';
    let isListening = false;
    await new Promise<void>((resolve, reject) => {
      const fail = (reason: string): void => {
        clearTimeout(timer);
        child.kill('SIGKILL');
        reject(new Error(`versitygw ${reason}; it printed:\n${output}`));
      };
      const timer = setTimeout(fail, startTimeoutMs, `did not listen within ${startTimeoutMs} ms`);
      child.once('error', (error) => fail(`could not be run (${error.message})`));
      child.once('exit', (code, signal) => fail(`ended with ${code ?? signal}`));
      const read = (chunk: Buffer): void => {
        if (isListening) return; // it tells of every request
        output += chunk.toString();
        if (!output.includes('service listening on')) return;
        isListening = true;
        clearTimeout(timer);
        resolve();
      };
      child.stdout.on('data', read);
      child.stderr.on('data', read);
    });
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
