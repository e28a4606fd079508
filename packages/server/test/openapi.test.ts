// The OpenAPI document says what the server does: the same paths, methods, parameters and names.
import { request as httpRequest } from 'node:http';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHttpApplication } from '../src/gateway/http-application.ts';
import type { Route } from '../src/gateway/route.ts';
import { allRoutes } from '../src/gateway/routes/all-routes.ts';
import type { RouteContext } from '../src/gateway/routes/context.ts';
import { SUBSCRIBE_DESCRIPTION, SUBSCRIBE_PATH } from '../src/gateway/subscribe-request.ts';
import { startServer } from '../src/index.ts';
import type { RunningServer } from '../src/index.ts';
import { ApiDocument } from './api-document.ts';

let server: RunningServer;
let document: ApiDocument;
beforeAll(async () => {
  server = await startServer({ listenAddress: '127.0.0.1:0' });
  document = await ApiDocument.load(server.url);
});
afterAll(() => server.close());

/** The paths that fastify has, as its own listing shows them. */
function registeredPaths(): string[] {
  const subscribe = { path: SUBSCRIBE_PATH, auth: 'mint', methods: { GET: SUBSCRIBE_DESCRIPTION } } as unknown as Route;
  const context = {} as RouteContext & { tokens: never; metrics: never };
  const app = createHttpApplication(
    allRoutes(context, subscribe),
    context,
    pino({ level: 'silent' }),
    () => false,
    (handler) => handler,
  );
  // A line for each part of a path that branches, with as much in front of it as its parent is long.
  const paths: string[] = [];
  const parents: string[] = [];
  for (const line of app.printRoutes({ commonPrefix: false }).split('\n')) {
    const [, indent = '', part = ''] = /^([│ ]*(?:├──|└──) )(\S+)/u.exec(line) ?? [];
    if (part === '') continue;
    const depth = indent.length / 4 - 1;
    parents.length = depth;
    parents[depth] = part;
    paths.push(parents.join(''));
  }
  return paths;
}

async function allowedMethods(path: string): Promise<string[]> {
  const request = httpRequest({ port: server.port, path, method: 'OPTIONS', agent: false }).end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.resume();
  return (response.headers.allow ?? '').split(',').toSorted();
}

test('every path of the server is in the document, and none else but those of modules', () => {
  const described = Object.keys(document.json.paths).filter((path) => !path.includes('/route'));
  const registered = registeredPaths().map((path) => path.replaceAll(/:(\w+)/gu, '{$1}'));
  expect(described.toSorted()).toEqual(registered.toSorted());
  expect(registered.length).toBeGreaterThan(20);
});

test('every method that a path allows is in the document, and none else', async () => {
  for (const path of Object.keys(document.json.paths).filter((candidate) => !candidate.includes('/route'))) {
    const methods = [...document.operations().keys()]
      .filter((operation) => operation.split(' ')[1] === path)
      .map((operation) => operation.split(' ')[0]);
    const withHead = methods.includes('GET') ? [...methods, 'HEAD'] : methods;
    expect([path, withHead.toSorted()]).toEqual([path, await allowedMethods(path.replaceAll(/[{}]/gu, ''))]);
  }
});

test('every operation has a line in docs/compatibility.md, and none else', () => {
  const page = readFileSync(new URL('../../../docs/compatibility.md', import.meta.url), 'utf8');
  const [, section = ''] = page.split('## HTTP, route by route');
  const listed = [...section.split('\n## ')[0]!.matchAll(/`([A-Z]+ \/v1\S*)`/gu)].map(([, operation]) => operation);
  const described = [...document.operations().keys()].filter((operation) => !operation.includes('/route'));
  expect(listed.toSorted()).toEqual(described.toSorted());
});

test('the document is well-formed OpenAPI 3.1', () => {
  expect(document.json.openapi).toBe('3.1.0');
  const ids = [...document.operations().values()].map(({ operationId }) => operationId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const [path, item] of Object.entries(document.json.paths)) {
    const inPath = [...path.matchAll(/\{(\w+)\}/gu)].map(([, name]) => name);
    expect([path, (item.parameters ?? []).map(({ name }) => name)]).toEqual([path, inPath]);
  }
  for (const [name, { summary, responses, parameters = [] }] of document.operations()) {
    expect(summary, name).toMatch(/^[A-Z].*[^.]$/u);
    expect(Object.keys(responses).length, name).toBeGreaterThan(0);
    expect(new Set(parameters.map((parameter) => `${parameter.in} ${parameter.name}`)).size).toBe(parameters.length);
  }
  const text = JSON.stringify(document.json);
  for (const [, name] of text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/gu)) {
    expect(document.json.components.schemas).toHaveProperty(name ?? '');
  }
  for (const name of Object.keys(document.json.components.schemas)) {
    expect(text).toContain(`"#/components/schemas/${name}"`);
  }
});
