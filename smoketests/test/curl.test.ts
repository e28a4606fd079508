// The HTTP interface by curl: the page of the documentation as it stands, and what needs more than a line of shell.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cli } from '../src/cli.ts';
import { curl, CURL_PATH } from '../src/curl.ts';
import { documentedCommands, outputPattern } from '../src/document-commands.ts';
import { newPerson, publish } from '../src/http.ts';
import type { Person } from '../src/http.ts';
import { modulePath } from '../src/modules.ts';
import { isMissing } from '../src/needs.ts';
import { ServerProcess } from '../src/server-process.ts';

describe.skipIf(isMissing(CURL_PATH))('curl', () => {
  let server: ServerProcess;
  let folder: string;
  beforeAll(async () => {
    server = await ServerProcess.start();
    folder = mkdtempSync(join(tmpdir(), 'lightcone-curl-'));
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  test('the commands of docs/http.md print what it says', async () => {
    copyFileSync(modulePath('quickstart-chat'), join(folder, 'chat.wasm'));
    const documented = documentedCommands('http.md');
    expect(documented.length).toBeGreaterThan(10);
    const mark = '--- end of a block ---\n';
    const script = documented.map(({ commands }) => `${commands}printf '%s' '${mark}'\n`).join('');
    // Without the configuration of whoever runs the tests.
    const environment = { PATH: process.env['PATH'], HOME: folder, LC_ALL: 'C.UTF-8' };
    const shell = spawn('/bin/bash', ['-eu', '-c', script.replace('http://127.0.0.1:3000', server.url)], {
      cwd: folder,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [stdout, stderr, [exitCode]] = await Promise.all([
      text(shell.stdout),
      text(shell.stderr),
      once(shell, 'close') as Promise<[number]>,
    ]);
    expect([exitCode, stderr]).toEqual([0, '']);
    const printed = stdout.split(mark);
    for (const [i, { commands, output }] of documented.entries()) {
      if (output === undefined) expect([commands, printed[i]]).toEqual([commands, '']);
      // Answers do not end with a newline of their own.
      else expect(printed[i]?.trimEnd(), commands).toMatch(outputPattern(output.trimEnd()));
    }
  });

  describe('with a database', () => {
    let owner: Person;
    let headers: string[];
    const path = (rest: string): string => `${server.url}/v1/database/talk${rest}`;
    const say = (message: string): ReturnType<typeof curl> =>
      curl([...headers, '--json', JSON.stringify([message]), path('/call/send_message')]);
    beforeAll(async () => {
      owner = await newPerson(server);
      headers = ['--header', `Authorization: Bearer ${owner.token}`];
      await publish(server, 'talk', 'quickstart-chat', owner.token);
    });

    test('a body that is too long gets 413, whether or not curl asks first', async () => {
      const file = join(folder, 'long');
      writeFileSync(file, new Uint8Array(31_000_000));
      for (const more of [
        [],
        ['--header', 'Expect:'],
        ['--header', 'Transfer-Encoding: chunked', '--header', 'Expect:'],
      ]) {
        const { stdout, stderr, exitCode } = await curl([
          ...headers,
          ...more,
          '--header',
          'Content-Type: application/json',
          '--write-out',
          ' %{http_code}',
          '--data-binary',
          `@${file}`,
          path('/call/send_message'),
        ]);
        const body = 'Failed to buffer the request body: length limit exceeded 413';
        expect({ stdout, stderr, exitCode }).toEqual({ stdout: body, stderr: '', exitCode: 0 });
      }
    });

    test('a follower whose server is killed goes on where it was when that is back', async () => {
      const events = [...headers, '--no-buffer', '--header', 'Accept: text/event-stream'];
      const following = curl([...events, path('/logs?follow=true&num_lines=1')]);
      await say('one');
      await say('two');
      // What was said is on the disk, but lines of the log are written in the background: asking for them waits.
      expect((await curl([...headers, path('/logs?num_lines=1')])).stdout).toContain('two');
      await server.kill();
      const { stdout: before, exitCode } = await following;
      expect(exitCode).not.toBe(0);
      await server.restart();
      await say('three');
      const last =
        before
          .match(/^id: .*$/gmu)
          ?.at(-1)
          ?.slice(4) ?? '';
      const { stdout: after } = await curl([...events, '--header', `Last-Event-ID: ${last}`, path('/logs')]);
      const said = [...`${before}${after}`.matchAll(/"message":"c200\w+: (\w+)"/gu)].map(([, word]) => word);
      expect(said).toEqual(['one', 'two', 'three']);
    });

    test('spacetime logs --follow goes on by itself', async () => {
      const cli = new Cli(server, 'owner');
      await cli.login(owner.token);
      await using log = cli.follow('logs', 'talk', '--follow');
      expect(await log.lineWith('three')).toContain('send_message');
      await server.kill();
      await server.restart();
      for (const word of ['four', 'five']) {
        await say(word);
        // The next line of the reducer, whatever it is: none is missing, none comes twice.
        expect(await log.lineWith('send_message')).toContain(word);
      }
    });

    test('a WebSocket opens with a short-lived token', async () => {
      const { stdout } = await curl([...headers, '--request', 'POST', `${server.url}/v1/identity/websocket-token`]);
      const { token } = JSON.parse(stdout) as { token: string };
      const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
      const more = ['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Protocol: v1.json.spacetimedb'];
      const asked = [...upgrade, ...more].flatMap((header) => ['--header', header]);
      const url = path(`/subscribe?token=${token}`);
      // It stays open: curl is told to give up.
      const { stdout: opened } = await curl(['--include', '--no-buffer', '--max-time', '3', ...asked, url]);
      expect(opened).toMatch(/^HTTP\/1\.1 101 .*\r\n/u);
      expect(opened).toContain('Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
      expect(opened).toContain(`spacetime-identity: ${owner.identity}`);
      const { stdout: refused } = await curl(['--include', ...asked, path('/subscribe?token=x')]);
      expect(refused).toMatch(/^HTTP\/1\.1 401 .*Invalid token: InvalidToken$/su);
    });

    test('the interface describes itself', async () => {
      const { stdout } = await curl([`${server.url}/v1/openapi.json`]);
      expect(JSON.parse(stdout)).toMatchObject({ openapi: '3.1.0', paths: { '/v1/database/{database}/sql': {} } });
    });
  });
});
