import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

export const CURL_PATH = '/usr/bin/curl';

export interface CurlResult {
  readonly exitCode: number | null;
  /** The body, and what `--write-out` adds. */
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs curl, untouched by the configuration of whoever runs the tests, to its end or `signal`'s. */
export async function curl(args: readonly string[], signal?: AbortSignal): Promise<CurlResult> {
  const child = spawn(CURL_PATH, ['--disable', '--silent', '--show-error', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(signal && { signal }),
  });
  child.on('error', () => undefined); // that it was ended
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { exitCode, stdout, stderr };
}
