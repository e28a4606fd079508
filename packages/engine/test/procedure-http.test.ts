import type { HttpExchange } from '@lightcone/host';
import { expect, test } from 'vitest';
import { type OutgoingHttp, OutgoingHttpError, type OutgoingRequest } from '../src/procedures/outgoing-http.ts';
import { openProcedures, procedureMetrics, texts } from './support/open-procedures.ts';

class FakeNetwork implements OutgoingHttp {
  readonly requests: OutgoingRequest[] = [];
  readonly signals: AbortSignal[] = [];
  readonly #respond: () => Promise<HttpExchange>;

  constructor(respond: () => Promise<HttpExchange>) {
    this.#respond = respond;
  }

  send(request: OutgoingRequest, signal: AbortSignal): Promise<HttpExchange> {
    this.requests.push(request);
    this.signals.push(signal);
    return this.#respond();
  }
}

const ok: HttpExchange = {
  response: { status: 200, version: 'HTTP/1.1', headers: [{ name: 'x', value: new Uint8Array([121]) }] },
  body: new TextEncoder().encode('the answer'),
};

test('without a network every request fails with a text', async () => {
  await using database = await openProcedures();
  expect(await database.alice.callProcedure('fetch', 'http://x/')).toEqual({
    tag: 'err',
    value: 'module outbound HTTP requests are disabled',
  });
});

test('a request crosses to the network and its answer back, counted', async () => {
  const network = new FakeNetwork(() => Promise.resolve(ok));
  await using database = await openProcedures(network);
  const body = new Uint8Array([1, 2, 3]);
  const headers = [{ name: 'a', value: 'b' }];
  const answer = await database.alice.callProcedure('send', 'PATCH', 'http://x/y', headers, body, 1500n);
  expect(answer).toMatchObject({ tag: 'ok', value: { status: 200, headers: [{ name: 'x', value: 'y' }] } });
  expect(network.requests).toEqual([
    {
      method: 'PATCH',
      url: 'http://x/y',
      headers: [{ name: 'a', value: new Uint8Array([98]) }],
      body,
      timeoutMs: 1500,
    },
  ]);
  await database.alice.callProcedure('fetch_and_keep', 'http://x/');
  expect(network.requests[1]?.timeoutMs).toBe(30_000);
  expect(await texts(database.alice)).toEqual(['the answer']);
  const counted = {
    started: 2,
    inProgress: 0,
    succeeded: 2,
    failed: 0,
    timedOut: 0,
    requestBytes: 3,
    responseBytes: 20,
  };
  expect(procedureMetrics(database.test).counts.http).toEqual(counted);
});

test('a request that fails is an error of the module, counted by its kind', async () => {
  const network = new FakeNetwork(() => Promise.reject(new OutgoingHttpError('timeout', 'operation timed out')));
  await using database = await openProcedures(network);
  const value = 'operation timed out';
  expect(await database.alice.callProcedure('fetch', 'http://x/')).toEqual({ tag: 'err', value });
  expect(procedureMetrics(database.test).counts.http).toMatchObject({
    succeeded: 0,
    failed: 1,
    timedOut: 1,
    inProgress: 0,
  });
});

test('while a request is under way everybody works on; closing aborts it', async () => {
  const network = new FakeNetwork(() => new Promise(() => {}));
  const database = await openProcedures(network);
  const fetching = database.alice.callProcedure('fetch', 'http://x/');
  await database.alice.call('write', 'meanwhile');
  expect(procedureMetrics(database.test).counts.http.inProgress).toBe(1);
  const closing = database.test.database.close();
  await expect(fetching).rejects.toThrow(/is closed$/);
  await closing;
  expect(network.signals.map(({ aborted }) => aborted)).toEqual([true]);
});
