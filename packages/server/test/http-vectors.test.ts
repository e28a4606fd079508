import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer } from '../src/index.ts';
import type { RunningServer } from '../src/index.ts';
import { ApiDocument } from './api-document.ts';
import { exchanges } from './recorded-exchanges.ts';
import type { Exchange } from './recorded-exchanges.ts';

/*
 * Replays recorded requests, in order, on a fresh server. Statuses, the recorded headers and JSON
 * bodies must be the same, placeholders as `{owner}` aside; texts where the words are contractual.
 */

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

/** The reference lists tables and what they have in the order of its hash maps, another one at each start. */
const UNORDERED = new Set(['schema 10']);

/** Logs in which the first lines are contractual; the reference logs some failures twice. */
const FIRST_LOG_LINES = 4;

let server: RunningServer;
let document: ApiDocument;
const known = new Map<string, string>();
const bodies = new Map<string, Uint8Array>();

beforeAll(async () => {
  server = await startServer({ listenAddress: '127.0.0.1:0' });
  document = await ApiDocument.load(server.url);
  for (const who of ['owner', 'other']) {
    const response = await fetch(`${server.url}/v1/identity`, { method: 'POST' });
    const { identity, token } = (await response.json()) as { identity: string; token: string };
    known.set(`{${who}}`, identity);
    known.set(`{${who}_token}`, token);
  }
  known.set('{unknown_identity}', 'c2'.repeat(32));
  known.set('{token}', 'eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJsb2NhbGhvc3QiLCJzdWIiOiJhIiwiaWF0IjoxfQ.AAAA');
  bodies.set('{program A}', await readProgram(new URL('../../../modules/person/person.wasm', import.meta.url)));
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

/** Where a value is not what was recorded; a placeholder that is not known yet takes the value. */
function differences(actual: unknown, recorded: unknown, where: string): string[] {
  if (typeof recorded === 'string' && isLike(actual, recorded)) return [];
  if (Array.isArray(recorded) && Array.isArray(actual) && actual.length === recorded.length) {
    return recorded.flatMap((item, i) => differences(actual[i], item, `${where}[${i}]`));
  }
  if (isRecord(recorded) && isRecord(actual) && sameKeys(recorded, actual)) {
    return Object.entries(recorded).flatMap(([key, item]) => differences(actual[key], item, `${where}.${key}`));
  }
  if (actual === recorded) return [];
  return [`${where}: expected ${fill(JSON.stringify(recorded))}, got ${JSON.stringify(actual)}`];
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const sameKeys = (a: object, b: object): boolean =>
  JSON.stringify(Object.keys(a).toSorted()) === JSON.stringify(Object.keys(b).toSorted());

/** Placeholders of values that differ from run to run. */
const shapes: readonly (readonly [RegExp, RegExp])[] = [
  [/^\{(?:int|bigint.*)\}$/u, /^\d[\d.e+]*$/u],
  [/^\{anonymous\}/u, /^c200[0-9a-f]{60}/u],
  [/^\{hash\}$/u, /^0x[0-9a-f]{1,64}$/u],
  [/^\{PEM/u, /^-----BEGIN PUBLIC KEY-----/u],
  [/^\{text\}$/u, /./u],
  [/^\{token\}$/u, /^ey[\w-]+\.[\w-]+\.[\w-]+$/u],
  [/^\{path\}$/u, /\.rs$/u],
  // The hash of the recorded program.
  [/^0x8232be42/u, /^0x[0-9a-f]{1,64}$/u],
];

function isLike(actual: unknown, recorded: string): boolean {
  if (/^\{db\d?\}$/u.test(recorded) && !known.has(recorded)) known.set(recorded, String(actual));
  const shape = shapes.find(([placeholder]) => placeholder.test(recorded));
  return shape === undefined ? actual === fill(recorded) : shape[1].test(String(actual));
}

test.each(exchanges)('$name', async ({ name, request, response: recorded }) => {
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
  const problems = Object.entries(recorded.headers).flatMap(([header, value]) =>
    differences(answer.headers.get(header), value, header),
  );
  expect({ status: answer.status, problems, text }).toMatchObject({ status: recorded.status, problems: [] });
  const head = { statusCode: answer.status, headers: Object.fromEntries(answer.headers) };
  expect(document.problems(request.method, fill(request.path), head, text)).toEqual([]);
  const actual = bodyLike(text, recorded);
  const expected = recordedBody(name, recorded);
  const problemsOfBody = UNORDERED.has(name)
    ? differences(inOneOrder(actual), inOneOrder(expected), 'body')
    : differences(actual, expected, 'body');
  expect(problemsOfBody).toEqual([]);
});

/** A value with all lists of objects sorted. */
function inOneOrder(value: unknown): unknown {
  if (!Array.isArray(value)) {
    if (!isRecord(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, inOneOrder(item)]));
  }
  const items = value.map(inOneOrder);
  return items.every(isRecord) ? items.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) : items;
}

function bodyLike(text: string, recorded: Exchange['response']): unknown {
  if (recorded.json !== undefined) return JSON.parse(text);
  if (recorded.ndjson === undefined) return text;
  const lines = text.split('\n').slice(0, FIRST_LOG_LINES);
  return lines.map((line): unknown => JSON.parse(line));
}

function recordedBody(name: string, { json, ndjson, text }: Exchange['response']): unknown {
  if (ndjson !== undefined) return ndjson.slice(0, FIRST_LOG_LINES);
  return json ?? (OWN_WORDS.has(name) ? '{text}' : (text ?? ''));
}
