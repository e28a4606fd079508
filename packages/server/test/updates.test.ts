import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startServer } from '../src/index.ts';
import type { RunningServer } from '../src/index.ts';
import { TestClient } from './client.ts';
import { authorization, migrations, newUser, publish, sql } from './fixtures.ts';
import type { User } from './fixtures.ts';

let server: RunningServer;
let owner: User;
let name: string;
let databases = 0;
beforeAll(async () => {
  server = await startServer({ listenAddress: '127.0.0.1:0' });
  owner = await newUser(server.url);
});
afterAll(() => server.close());
beforeEach(async () => {
  name = `pets-${++databases}`;
  await publish(server.url, name, owner, migrations.start);
  await call('add_person', 'Ann');
});

interface Plan {
  readonly AutoMigrate?: {
    readonly migrate_plan: string;
    readonly break_clients: boolean;
    readonly token: string;
    readonly major_version_upgrade: boolean;
    readonly data_conflicts: readonly string[];
  };
  readonly ManualMigrate?: { readonly reason: string };
}

async function call(reducer: string, ...args: readonly unknown[]): Promise<void> {
  const answer = await fetch(`${server.url}/v1/database/${name}/call/${reducer}`, {
    method: 'POST',
    headers: { ...authorization(owner), 'content-type': 'application/json' },
    body: JSON.stringify(args),
  });
  expect({ status: answer.status, text: await answer.text() }).toEqual({ status: 200, text: '' });
}

async function put(
  program: Uint8Array<ArrayBuffer>,
  query = '',
  user = owner,
): Promise<[status: number, text: string]> {
  const request = { method: 'PUT', headers: authorization(user), body: program };
  const answer = await fetch(`${server.url}/v1/database/${name}${query}`, request);
  return [answer.status, await answer.text()];
}

async function plan(program: Uint8Array<ArrayBuffer>, style = 'NoColor'): Promise<Plan> {
  const request = { method: 'POST', headers: authorization(owner), body: program };
  const answer = await fetch(
    `${server.url}/v1/database/${name}/pre_publish?style=${style}&data_conflicts=true`,
    request,
  );
  expect(answer.status).toBe(200);
  return (await answer.json()) as Plan;
}

const people = (): Promise<unknown[]> => sql(server.url, name, owner, 'SELECT name FROM person');
const UPDATED = expect.stringMatching(
  /^\{"Success":\{"domain":"pets-\d+","database_identity":"[0-9a-f]{64}","op":"updated"\}\}$/,
);

describe('an update that clients survive', () => {
  test('is planned, made, and made again without effect', async () => {
    const { AutoMigrate: automatic } = await plan(migrations.compatible);
    expect(automatic).toMatchObject({ break_clients: false, major_version_upgrade: false, data_conflicts: [] });
    expect(automatic?.migrate_plan.split('\n')).toEqual(expect.arrayContaining([expect.stringMatching(/^\+ add public table /)])); // prettier-ignore
    expect(await put(migrations.compatible)).toEqual([200, UPDATED]);
    expect(await put(migrations.compatible)).toEqual([200, UPDATED]);
    expect(await people()).toEqual([['Ann']]);
  });

  test('is shown in colours unless told otherwise', async () => {
    expect((await plan(migrations.compatible, 'AnsiColor')).AutoMigrate?.migrate_plan).toContain('\u001B[32m+ add');
    expect((await plan(migrations.compatible)).AutoMigrate?.migrate_plan).not.toContain('\u001B');
  });

  test('may be made with its token, and with no other', async () => {
    const { token } = (await plan(migrations.compatible)).AutoMigrate!;
    const other = (await plan(migrations.dependsOnData)).AutoMigrate!.token;
    const refused =
      'Failed to create or update the database: Token provided is invalid or does not match expected hash';
    expect(await put(migrations.compatible, '?policy=BreakClients')).toEqual([400, expect.stringContaining('no migration token was provided')]); // prettier-ignore
    expect(await put(migrations.compatible, `?policy=BreakClients&token=${other}`)).toEqual([400, refused]);
    expect(await put(migrations.compatible, '?policy=BreakClients&token=hello')).toEqual([400, refused]);
    expect(await put(migrations.compatible, `?policy=BreakClients&token=${token}`)).toEqual([200, UPDATED]);
  });
});

describe('an update that breaks clients', () => {
  beforeEach(async () => {
    expect(await put(migrations.compatible)).toEqual([200, UPDATED]);
  });

  test('is refused without the token, and with it closes the clients', async () => {
    const client = await TestClient.connect(server.url, name, { query: { token: owner.token } });
    const { AutoMigrate: automatic } = await plan(migrations.breaking);
    expect(automatic?.break_clients).toBe(true);
    expect(automatic?.migrate_plan).toContain('! all clients are disconnected');
    expect(await put(migrations.breaking)).toEqual([
      400,
      'Failed to create or update the database: Migration plan contains a client-breaking change which is disallowed under current policy',
    ]);
    expect(await put(migrations.breaking, `?policy=BreakClients&token=${automatic!.token}`)).toEqual([200, UPDATED]);
    expect(await client.closed).toEqual({ code: 1001, reason: 'module exited' });
    expect(await people()).toEqual([['Ann']]);
  });
});

describe('an update that cannot be made', () => {
  test('is told as one for people to make, and refused with all reasons', async () => {
    expect(await put(migrations.compatible)).toEqual([200, UPDATED]);
    const { ManualMigrate: manual } = await plan(migrations.refused);
    const reasons = manual!.reason.split('\n');
    expect(reasons.length).toBeGreaterThan(1);
    for (const reason of reasons) expect(reason).toMatch(/table \w+ .*--delete-data\.$/);
    expect(await put(migrations.refused)).toEqual([
      400,
      `Database update rejected: Errors occurred:\n${manual!.reason}`,
    ]);
    expect(await people()).toEqual([['Ann']]);
  });

  test('because of rows: the plan says so, and it can be made when they are gone', async () => {
    await call('add_scratch', 1);
    const { AutoMigrate: automatic } = await plan(migrations.dependsOnData);
    const reason = expect.stringMatching(/^Cannot remove table `scratch`: table contains data/);
    expect(automatic?.data_conflicts).toEqual([reason]);
    expect(automatic?.migrate_plan).toContain('! not with the rows there are now: Cannot remove table `scratch`');
    const query = `?policy=BreakClients&token=${automatic!.token}`;
    expect(await put(migrations.dependsOnData, query)).toEqual([400, expect.stringContaining('Cannot remove table `scratch`')]); // prettier-ignore
    await call('clear_scratch');
    expect((await plan(migrations.dependsOnData)).AutoMigrate?.data_conflicts).toEqual([]);
    expect(await put(migrations.dependsOnData, query)).toEqual([200, UPDATED]);
  });

  test('is nobody else’s business', async () => {
    const stranger = await newUser(server.url);
    expect(await put(migrations.compatible, '', stranger)).toEqual([403, expect.stringContaining('is not authorized to perform action')]); // prettier-ignore
    expect(await put(migrations.compatible, '?clear=true', stranger)).toEqual([403, expect.stringContaining('reset database')]); // prettier-ignore
    const request = { method: 'POST', headers: authorization(stranger), body: migrations.compatible };
    expect((await fetch(`${server.url}/v1/database/${name}/pre_publish`, request)).status).toBe(403);
    expect(await people()).toEqual([['Ann']]);
  });
});

describe('a publish that clears', () => {
  test.each([
    { how: 'clear=true', publishClearing: () => put(migrations.refused, '?clear=true') },
    { how: 'reset', publishClearing: () => put(migrations.refused, '/reset') },
  ])(
    'begins anew under the same identity, whatever could not be kept, and closes clients: $how',
    async ({ publishClearing }) => {
      const identityOf = async (): Promise<string> =>
        (await fetch(`${server.url}/v1/database/${name}/identity`)).text();
      const identity = await identityOf();
      const client = await TestClient.connect(server.url, name, { query: { token: owner.token } });
      expect(await publishClearing()).toEqual([200, UPDATED]);
      expect(await client.closed).toMatchObject({ code: 1001 });
      expect(await identityOf()).toBe(identity);
      expect(await people()).toEqual([]);
      expect(await sql(server.url, name, owner, 'SELECT line FROM ledger')).toHaveLength(1); // init ran
    },
  );

  test('a program that does not start leaves the data', async () => {
    expect(await put(new Uint8Array(8), '?clear=true')).toEqual([
      500,
      expect.stringMatching(/not a WebAssembly module/),
    ]);
    expect(await people()).toEqual([['Ann']]);
  });
});
