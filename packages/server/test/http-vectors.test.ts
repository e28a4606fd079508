import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer } from '../src/index.ts';
import type { RunningServer } from '../src/index.ts';

/*
 * Replays recorded requests, in order, on a fresh server. Statuses, the recorded headers and JSON
 * bodies must be the same, placeholders as `{owner}` aside; texts where the words are contractual.
 */

interface Exchange {
  readonly name: string;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly headers?: Record<string, string>;
    readonly body?: string;
  };
  readonly response: {
    readonly status: number;
    readonly headers: Record<string, string>;
    readonly text?: string;
    readonly json?: unknown;
    readonly ndjson?: unknown[];
  };
}

const vectors = new URL('../vectors/http.json', import.meta.url);
const exchanges = JSON.parse(await readFile(vectors, 'utf8')) as Exchange[];

/** Texts whose words are ours: they say more, or say it of another parser. */
const OWN_WORDS = new Set([
  'verify 0x',
  'verify bad',
  'publish bad confirm timeout',
  'call bad args',
  'call bad json',
  'call empty body',
  'names put bad json',
  'sql syntax',
  'wstoken bad',
]);

/** The stand-in for program A has no schedule, which its schema would show; `schema` has tests of its own for these. */
const OF_SCHEDULES = new Set(['schema 9', 'schema 10']);

/** Logs in which the first lines are contractual; the reference logs some failures twice. */
const FIRST_LOG_LINES = 4;

let server: RunningServer;
const known = new Map<string, string>();
const bodies = new Map<string, Uint8Array>();

beforeAll(async () => {
  server = await startServer({ listenAddress: '127.0.0.1:0' });
  for (const who of ['owner', 'other']) {
    const response = await fetch(`${server.url}/v1/identity`, { method: 'POST' });
    const { identity, token } = (await response.json()) as { identity: string; token: string };
    known.set(`{${who}}`, identity);
    known.set(`{${who}_token}`, token);
  }
  known.set('{unknown_identity}', 'c2'.repeat(32));
  known.set('{token}', 'eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJsb2NhbGhvc3QiLCJzdWIiOiJhIiwiaWF0IjoxfQ.AAAA');
  bodies.set('{program A}', await readProgram(new URL('person-untimed/person-untimed.wasm', import.meta.url)));
  bodies.set(
    '{program B}',
    await readProgram(new URL('../../../modules/connections/connections.wasm', import.meta.url)),
  );
  bodies.set('<nonsense>', new TextEncoder().encode('nonsense'));
  bodies.set('<empty>', new Uint8Array());
  bodies.set('<5bff5d>', Uint8Array.of(0x5b, 0xff, 0x5d));
  bodies.set('<2.2 MB>', new Uint8Array(2_200_000));
});

afterAll(() => server.close());

async function readProgram(url: URL): Promise<Uint8Array> {
  return new Uint8Array(await readFile(url));
}

const fill = (text: string): string => text.replaceAll(/\{[a-z_0-9]+\}/gu, (name) => known.get(name) ?? name);

/** Whether a value is what was recorded; placeholders of unknown values take their first. */
function expectLike(actual: unknown, recorded: unknown, where: string): void {
  if (typeof recorded === 'string') {
    expectText(actual, recorded, where);
  } else if (Array.isArray(recorded)) {
    expect(Array.isArray(actual) && actual.length, where).toBe(recorded.length);
    recorded.forEach((item, i) => expectLike((actual as unknown[])[i], item, `${where}[${i}]`));
  } else if (typeof recorded === 'object' && recorded !== null) {
    expect(Object.keys(actual as object).toSorted(), where).toEqual(Object.keys(recorded).toSorted());
    for (const [key, item] of Object.entries(recorded)) {
      expectLike((actual as Record<string, unknown>)[key], item, `${where}.${key}`);
    }
  } else {
    expect(actual, where).toBe(recorded);
  }
}

function expectText(actual: unknown, recorded: string, where: string): void {
  if (/^\{db\d?\}$/u.test(recorded) && !known.has(recorded)) known.set(recorded, String(actual));
  const expected = fill(recorded);
  if (/^\{(?:int|bigint.*)\}$/u.test(expected)) expect(Number(actual), where).not.toBeNaN();
  else if (expected === '{anonymous}') expect(actual, where).toMatch(/^c200[0-9a-f]{60}$/u);
  else if (expected === '{hash}') expect(actual, where).toMatch(/^0x[0-9a-f]{1,64}$/u);
  else if (/^\{PEM/u.test(expected)) expect(actual, where).toMatch(/^-----BEGIN PUBLIC KEY-----/u);
  else if (/^0x[0-9a-f]{60,64}$/u.test(expected) && where.endsWith('initial_program')) expect(actual).toMatch(/^0x/u);
  else if (expected === '{text}') expect(String(actual), where).not.toBe('');
  else if (recorded === '{token}') expect(actual, where).toMatch(/^ey[\w-]+\.[\w-]+\.[\w-]+$/u);
  else if (expected === '{path}') expect(actual, where).toMatch(/\.rs$/u);
  else if (expected.startsWith('{anonymous} ')) expect(actual, where).toMatch(/^c200[0-9a-f]{60} /u);
  else expect(actual, where).toBe(expected);
}

test.each(exchanges.filter(({ name }) => !OF_SCHEDULES.has(name)))(
  '$name',
  async ({ name, request, response: recorded }) => {
    const headers = Object.fromEntries(Object.entries(request.headers ?? {}).map(([key, value]) => [key, fill(value)]));
    const body = request.body === undefined ? undefined : (bodies.get(request.body) ?? fill(request.body));
    const isText = typeof body === 'string';
    const answer = await fetch(server.url + fill(request.path), {
      method: request.method,
      headers,
      // Bytes: with a text, fetch would add a content type.
      ...(body !== undefined && { body: isText ? new TextEncoder().encode(body) : (body as Uint8Array<ArrayBuffer>) }),
    });
    const text = await answer.text();
    expect({ status: answer.status, text }).toMatchObject({ status: recorded.status });
    for (const [header, value] of Object.entries(recorded.headers)) {
      expectLike(answer.headers.get(header), value, header);
    }
    if (recorded.json !== undefined) expectLike(JSON.parse(text), recorded.json, 'body');
    else if (recorded.ndjson !== undefined) {
      const lines = text
        .trimEnd()
        .split('\n')
        .map((line): unknown => JSON.parse(line));
      expectLike(lines.slice(0, FIRST_LOG_LINES), recorded.ndjson.slice(0, FIRST_LOG_LINES), 'body');
    } else if (recorded.text !== undefined && !OWN_WORDS.has(name)) expectLike(text, recorded.text, 'body');
  },
);
