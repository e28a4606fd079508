import { readFileSync } from 'node:fs';

function readModule(name: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(new URL(`../../../modules/${name}/${name}.wasm`, import.meta.url)));
}

/** Programs of the repository's `modules/`. */
export const programs = {
  chat: readModule('quickstart-chat'),
  connections: readModule('connections'),
  httpHandlers: readModule('http-handlers'),
  misbehaving: readModule('misbehaving'),
  person: readModule('person'),
  procedures: readModule('procedures'),
  rowLevelSecurity: readModule('row-level-security'),
  schedules: readModule('schedules'),
  tables: readModule('tables'),
  test: readModule('test-module'),
} as const;

function readMigration(version: string): Uint8Array<ArrayBuffer> {
  const path = `../../../modules/migrations/migrations-${version}.wasm`;
  return new Uint8Array(readFileSync(new URL(path, import.meta.url)));
}

/** Versions of one module; see `modules/migrations/README.md`. */
export const migrations = {
  start: readMigration('start'),
  compatible: readMigration('compatible'),
  breaking: readMigration('breaking'),
  refused: readMigration('refused'),
  dependsOnData: readMigration('depends-on-data'),
} as const;

export interface User {
  readonly identity: string;
  readonly token: string;
}

export async function newUser(url: string): Promise<User> {
  const response = await fetch(`${url}/v1/identity`, { method: 'POST' });
  return (await response.json()) as User;
}

export function authorization({ token }: User): { authorization: string } {
  return { authorization: `Bearer ${token}` };
}

/** Publishes a program, which must work. */
export async function publish(url: string, name: string, owner: User, program: Uint8Array<ArrayBuffer>): Promise<void> {
  const request = { method: 'PUT', headers: authorization(owner), body: program };
  await mustSucceed(await fetch(`${url}/v1/database/${name}`, request));
}

/** Runs SQL as somebody and gives back its rows. */
export async function sql(url: string, name: string, user: User, query: string): Promise<unknown[]> {
  const request = { method: 'POST', headers: authorization(user), body: query };
  const text = await mustSucceed(await fetch(`${url}/v1/database/${name}/sql`, request));
  return (JSON.parse(text) as { rows: unknown[] }[])[0]?.rows ?? [];
}

async function mustSucceed(response: Response): Promise<string> {
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${response.url}: ${response.status} ${text}`);
  return text;
}
