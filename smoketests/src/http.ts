import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { modulePath } from './modules.ts';
import type { ServerProcess } from './server-process.ts';

export interface Person {
  readonly identity: string;
  readonly token: string;
}

/** A person whom the server has just invented. */
export async function newPerson(server: ServerProcess): Promise<Person> {
  const response = await fetch(`${server.url}/v1/identity`, { method: 'POST' });
  expect(response.status).toBe(200);
  return (await response.json()) as Person;
}

/** A request in somebody's name, or in nobody's. `path` begins with `/v1`. */
export function request(
  server: ServerProcess,
  method: string,
  path: string,
  { body, token, headers }: { body?: string | Uint8Array; token?: string; headers?: Record<string, string> } = {},
): Promise<Response> {
  const authorization = token === undefined ? undefined : { authorization: `Bearer ${token}` };
  return fetch(`${server.url}${path}`, {
    method,
    body: body as BodyInit | undefined,
    headers: { ...headers, ...authorization },
  });
}

/** Publishes a module over HTTP and expects that to work. @returns the database's identity */
export async function publish(server: ServerProcess, database: string, module: string, token: string): Promise<string> {
  const body = readFileSync(modulePath(module));
  const response = await request(server, 'PUT', `/v1/database/${database}`, { body, token });
  const answer = await response.text();
  expect(response.status, answer).toBe(200);
  return (JSON.parse(answer) as { Success: { database_identity: string } }).Success.database_identity;
}

export function call(
  server: ServerProcess,
  database: string,
  reducer: string,
  args: readonly unknown[],
  token?: string,
): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  return request(server, 'POST', `/v1/database/${database}/call/${reducer}`, {
    body: JSON.stringify(args),
    headers,
    token,
  });
}

export function sql(server: ServerProcess, database: string, query: string, token?: string): Promise<Response> {
  return request(server, 'POST', `/v1/database/${database}/sql`, { body: query, token });
}

/** The rows of a query that has to work. */
export async function rows(
  server: ServerProcess,
  database: string,
  query: string,
  token?: string,
): Promise<unknown[][]> {
  const response = await sql(server, database, query, token);
  const answer = await response.text();
  expect(response.status, answer).toBe(200);
  const [result] = JSON.parse(answer) as { rows: unknown[][] }[];
  return result?.rows ?? [];
}
