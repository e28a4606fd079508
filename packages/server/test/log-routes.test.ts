// The log of a module over HTTP: lines or events, and clients that come back.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer } from '../src/index.ts';
import type { RunningServer } from '../src/index.ts';
import { authorization, newUser, programs, publish } from './fixtures.ts';
import type { User } from './fixtures.ts';

let server: RunningServer;
let owner: User;
beforeAll(async () => {
  server = await startServer({ listenAddress: '127.0.0.1:0' });
  owner = await newUser(server.url);
  await publish(server.url, 'chat', owner, programs.chat);
});
afterAll(() => server.close());

/** Each rejected message is a line of the log. */
async function logLine(text: string): Promise<void> {
  const headers = { ...authorization(owner), 'content-type': 'application/json' };
  const body = JSON.stringify([text]);
  const answer = await fetch(`${server.url}/v1/database/chat/call/send_message`, { method: 'POST', headers, body });
  expect(answer.status, await answer.text()).toBe(200);
}

function askLog(query: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Response> {
  const url = `${server.url}/v1/database/chat/logs?${query}`;
  return fetch(url, { method, headers: { ...authorization(owner), ...headers } });
}

const events = { accept: 'text/event-stream' };

/** Reads events until one has the text, and goes away. */
async function readUntil(response: Response, text: string): Promise<string> {
  let seen = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    seen += decoder.decode(chunk, { stream: true });
    if (new RegExp(`${text}.*\nid: \\S+\n\n`, 'u').test(seen)) break;
  }
  return seen;
}

const idsOf = (stream: string): string[] => [...stream.matchAll(/^id: (\S+)$/gmu)].map(([, id]) => id ?? '');
const messagesOf = (stream: string): string[] =>
  [...stream.matchAll(/^(?:data: )?(\{.*\})$/gmu)].map(
    ([, json]) => (JSON.parse(json ?? '') as { message: string }).message,
  );

test('lines are what they always were, events have the same lines', async () => {
  await logLine('one');
  const lines = await askLog('');
  expect(lines.headers.get('content-type')).toBe('application/x-ndjson');
  expect(lines.headers.get('cache-control')).toBe('no-cache');
  const stream = await askLog('', events);
  expect(stream.headers.get('content-type')).toBe('text/event-stream');
  expect(stream.headers.get('cache-control')).toBe('no-cache');
  const text = await lines.text();
  expect(messagesOf(await stream.text())).toEqual(messagesOf(text));
  expect(messagesOf(text).length).toBeGreaterThan(1);
});

test('a follower that comes back with its last id misses nothing and gets nothing twice', async () => {
  const first = await readUntil(await askLog('num_lines=1&follow=true', events), '');
  const [id] = idsOf(first);
  for (const text of ['while', 'nobody', 'listens']) await logLine(text);
  const following = askLog('num_lines=1&follow=true', { ...events, 'last-event-id': id ?? '' });
  const response = await following;
  await logLine('live');
  const second = await readUntil(response, 'live');
  const rest = messagesOf(second);
  expect(rest.map((message) => message.split(' ').at(-1))).toEqual(['while', 'nobody', 'listens', 'live']);
});

test('HEAD of a log that is followed ends', async () => {
  const response = await askLog('follow=true', {}, 'HEAD');
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/x-ndjson']);
  expect(await response.text()).toBe('');
});

test('after a reset the log is another one, and who comes back is told', async () => {
  const [id] = idsOf(await (await askLog('num_lines=1', events)).text());
  const reset = await fetch(`${server.url}/v1/database/chat/reset`, {
    method: 'PUT',
    headers: authorization(owner),
    body: programs.chat,
  });
  expect(reset.status).toBe(200);
  const stream = await (await askLog('num_lines=0', { ...events, 'last-event-id': id ?? '' })).text();
  expect(stream).toMatch(/^event: gap\n/u);
  expect(messagesOf(stream)).toContain('Database initialized');
});
