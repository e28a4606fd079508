import type { RunningServer } from '../src/index.ts';
import { TestClient } from './client.ts';
import { authorization } from './fixtures.ts';
import type { User } from './fixtures.ts';
import { message, PostgresClient } from './postgres-client.ts';
import { V1Client } from './v1-client.ts';

/** What came of a text of SQL: the error, undefined if there was none, and every byte that the caller got. */
export interface QueryAnswer {
  readonly error: string | undefined;
  readonly bytes: Buffer;
}

/** One way in which a text of SQL reaches a database. */
export interface QueryWay {
  readonly name: string;
  /** That of subscriptions is the smaller one. */
  readonly dialect: 'query' | 'subscription';
  readonly isSubscription: boolean;
  readonly ask: (server: RunningServer, database: string, user: User, query: string) => Promise<QueryAnswer>;
}

const requestId = 1;

const http: QueryWay = {
  name: 'SQL over HTTP',
  dialect: 'query',
  isSubscription: false,
  async ask(server, database, user, query) {
    const request = { method: 'POST', headers: authorization(user), body: query };
    const response = await fetch(`${server.url}/v1/database/${database}/sql`, request);
    const bytes = Buffer.from(await response.arrayBuffer());
    return { error: response.status === 200 ? undefined : bytes.toString(), bytes };
  },
};

/** Needs a server with a port for it. */
const postgres: QueryWay = {
  name: 'SQL over the protocol of PostgreSQL',
  dialect: 'query',
  isSubscription: false,
  async ask(server, database, user, query) {
    if (server.postgresAddress === undefined) throw new Error('this server has no port for PostgreSQL clients');
    using client = await PostgresClient.login(server.postgresAddress, database, user.token);
    client.send(message('Q', `${query}\0`), message('X', ''));
    const bytes = await client.rest();
    return { error: bytes[0] === 'E'.charCodeAt(0) ? bytes.toString('latin1') : undefined, bytes };
  },
};

const mcp: QueryWay = {
  name: 'the SQL tool of MCP',
  dialect: 'query',
  isSubscription: false,
  async ask(server, database, user, query) {
    const call = { name: 'sql', arguments: { sql: query } };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: call });
    const request = { method: 'POST', headers: authorization(user), body };
    const response = await fetch(`${server.url}/v1/database/${database}/mcp`, request);
    const bytes = Buffer.from(await response.arrayBuffer());
    const { result } = JSON.parse(bytes.toString()) as { result: { isError: boolean; content: [{ text: string }] } };
    return { error: result.isError ? result.content[0].text : undefined, bytes };
  },
};

/** A way over a WebSocket: `ask` sends the query and resolves with the error of the answer, or rejects with it. */
function overWebSocket<Client extends TestClient | V1Client>(
  name: string,
  isSubscription: boolean,
  connect: (server: RunningServer, database: string, user: User) => Promise<Client>,
  ask: (client: Client, query: string) => Promise<string | undefined>,
): QueryWay {
  return {
    name,
    dialect: 'subscription',
    isSubscription,
    async ask(server, database, user, query) {
      const client = await connect(server, database, user);
      const frames: Buffer[] = [];
      client.webSocket.on('message', (data) => void frames.push(data as Buffer));
      const error = await ask(client, query).catch((reason: Error) => reason.message);
      await client.close();
      return { error, bytes: Buffer.concat(frames) };
    },
  };
}

function waysOfV2(version: 'v2' | 'v3'): QueryWay[] {
  const connect = async (server: RunningServer, database: string, { token }: User): Promise<TestClient> => {
    const query = { token, compression: 'None' };
    const client = await TestClient.connect(server.url, database, {
      protocols: [`${version}.bsatn.spacetimedb`],
      query,
    });
    await client.next('InitialConnection');
    return client;
  };
  return [
    overWebSocket(`OneOffQuery of ${version}`, false, connect, async (client, query) => {
      client.send({ tag: 'OneOffQuery', requestId, query });
      const { result } = await client.next('OneOffQueryResult');
      return result.tag === 'err' ? result.error : undefined;
    }),
    overWebSocket(`Subscribe of ${version}`, true, connect, async (client, query) => {
      client.send({ tag: 'Subscribe', requestId, querySetId: 1, queries: [query] });
      await client.next('SubscribeApplied');
      return undefined;
    }),
  ];
}

function waysOfV1(encoding: 'json' | 'bsatn'): QueryWay[] {
  const connect = async (server: RunningServer, database: string, { token }: User): Promise<V1Client> => {
    const query = { token, compression: 'None' };
    const client = await V1Client.connect(server.url, database, `v1.${encoding}.spacetimedb`, {}, query);
    await client.next('IdentityToken');
    return client;
  };
  return [
    overWebSocket(`OneOffQuery of v1.${encoding}`, false, connect, async (client, query) => {
      client.send({ tag: 'OneOffQuery', messageId: new Uint8Array([1]), query });
      return (await client.next('OneOffQueryResponse')).error;
    }),
    overWebSocket(`Subscribe of v1.${encoding}`, true, connect, async (client, query) => {
      client.send({ tag: 'Subscribe', requestId, queries: [query] });
      await client.next('InitialSubscription');
      return undefined;
    }),
    overWebSocket(`SubscribeSingle of v1.${encoding}`, true, connect, async (client, query) => {
      client.send({ tag: 'SubscribeSingle', requestId, queryId: 1, query });
      await client.next('SubscribeApplied');
      return undefined;
    }),
    overWebSocket(`SubscribeMulti of v1.${encoding}`, true, connect, async (client, query) => {
      client.send({ tag: 'SubscribeMulti', requestId, queryId: 1, queries: [query] });
      await client.next('SubscribeMultiApplied');
      return undefined;
    }),
  ];
}

/** Every way there is. */
export const queryWays: readonly QueryWay[] = [
  http,
  postgres,
  mcp,
  ...waysOfV1('json'),
  ...waysOfV1('bsatn'),
  ...waysOfV2('v2'),
  ...waysOfV2('v3'),
];
