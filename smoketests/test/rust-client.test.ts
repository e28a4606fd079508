// The official Rust SDKs, with a module of procedures.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { sql } from '../src/http.ts';
import { isMissing } from '../src/needs.ts';
import { PublishedModule } from '../src/published-module.ts';
import { RustClient, type RustClientOptions, rustClientPath, type SdkVersion } from '../src/rust-client.ts';

/** On v1 a reducer that panicked, or is not there, has failed like others. */
const versions: readonly { version: SdkVersion; aborted: string }[] = [
  { version: 'v1', aborted: 'failed' },
  { version: 'v2', aborted: 'aborted' },
];

describe.skipIf(isMissing(rustClientPath('v2'))).each(versions)(
  'the official Rust SDK $version',
  ({ version, aborted }) => {
    let notes: PublishedModule;
    const clients: RustClient[] = [];

    beforeAll(async () => {
      notes = await PublishedModule.start('procedures');
    });

    afterEach(async () => {
      for (const client of clients.splice(0)) await client[Symbol.asyncDispose]();
      await notes.run('write', 'the last one');
      const response = await sql(notes.server, notes.database, 'DELETE FROM entry', notes.owner.token);
      expect(response.status).toBe(200);
    });

    afterAll(() => notes?.[Symbol.asyncDispose]());

    function start(options?: RustClientOptions): RustClient {
      const client = new RustClient(version, notes.server, notes.database, options);
      clients.push(client);
      return client;
    }

    async function connect(options?: RustClientOptions): Promise<RustClient> {
      const client = start(options);
      await client.connected();
      return client;
    }

    test.each<RustClientOptions>([
      { compression: 'Brotli', reads: 'default' },
      { compression: 'Gzip', reads: 'confirmed' },
      { compression: 'None', reads: 'unconfirmed' },
    ])('rows come and go, small and large ones: $compression, $reads', async (options) => {
      const [caller, reader] = [await connect(options), await connect(options)];
      await notes.run('write', 'the first');
      for (const client of [caller, reader]) {
        const said = await client.ask('subscribe SELECT * FROM entry', 'inserted');
        expect(said).toEqual(['applied with 1 rows', 'inserted "the first" by subscribing, 1 rows']);
      }
      caller.tell('write a second');
      expect(await caller.take(2)).toEqual([
        'Write { text: "a second" } committed, 2 rows',
        'inserted "a second" by my call, 2 rows',
      ]);
      expect(await reader.until('inserted')).toEqual(['inserted "a second" by somebody else, 2 rows']);
      // Longer than what a size of 16 bits can say, which lists of rows of one length have.
      caller.tell(`write-long ${'abcdefghij'.repeat(7)}`);
      expect(await caller.take(2)).toContain('inserted 70000 bytes by my call, 3 rows');
      expect(await reader.until('inserted')).toEqual(['inserted 70000 bytes by somebody else, 3 rows']);
      expect(await reader.ask('find a second', 'found')).toEqual(['found Some("a second")']);
      caller.tell('erase a second');
      expect(await caller.take(2)).toEqual([
        'Erase { text: "a second" } committed, 2 rows',
        'deleted "a second" by my call, 2 rows',
      ]);
      expect(await reader.until('deleted')).toEqual(['deleted "a second" by somebody else, 2 rows']);
      expect(await reader.ask('find a second', 'found')).toEqual(['found None']);
    });

    test('a row that changes is one update, told by its primary key', async () => {
      const reader = await connect();
      await notes.run('write', 'old');
      await reader.ask('subscribe SELECT * FROM entry', 'inserted');
      await sql(notes.server, notes.database, "UPDATE entry SET text = 'new'", notes.owner.token);
      expect(await reader.until('updated')).toEqual(['updated "old" to "new" by somebody else, 1 rows']);
    });

    test('rows that two subscriptions have stay until both have ended', async () => {
      const reader = await connect();
      await notes.run('write', 'one');
      await notes.run('write', 'other');
      await reader.ask("subscribe SELECT * FROM entry WHERE text = 'one'", 'inserted');
      expect(
        await reader.ask("subscribe SELECT * FROM entry; SELECT * FROM entry WHERE text = 'other'", 'inserted'),
      ).toEqual(['applied with 2 rows', 'inserted "other" by subscribing, 2 rows']);
      expect(await reader.ask('unsubscribe', 'deleted')).toEqual([
        'ended with 1 rows',
        'deleted "other" by unsubscribing, 1 rows',
      ]);
      expect(await reader.ask('unsubscribe', 'deleted')).toEqual([
        'ended with 0 rows',
        'deleted "one" by unsubscribing, 0 rows',
      ]);
    });

    test('a query that cannot be followed is refused, and the connection goes on', async () => {
      const reader = await connect();
      const [refusal] = await reader.ask('subscribe SELECT * FROM nope', 'subscription error');
      expect(refusal).toMatch(/no such table: `nope`/u);
      expect(await reader.ask('subscribe SELECT * FROM entry', 'applied')).toEqual(['applied with 0 rows']);
    });

    test('a reducer that returns an error, one that panics, and one that is not there tell their caller', async () => {
      const caller = await connect();
      await caller.ask('subscribe SELECT * FROM entry', 'applied');
      expect(await caller.ask('erase nothing', 'Erase')).toEqual([
        'Erase { text: "nothing" } failed: there is no entry "nothing", 0 rows',
      ]);
      caller.tell('write twice');
      await caller.take(2);
      expect(await caller.ask('write twice', 'Write')).toEqual([
        expect.stringContaining(`Write { text: "twice" } ${aborted}: The instance encountered a fatal error`),
      ]);
      expect(await caller.ask('missing', 'Missing')).toEqual([`Missing ${aborted}: no such reducer, 1 rows`]);
      expect(await caller.ask('write after that', 'Write')).toContain('Write { text: "after that" } committed, 2 rows');
    });

    test('procedures return values, also the error of a Result, and say when they panic', async () => {
      const caller = await connect();
      expect(await caller.ask('divide 7 2', 'divided')).toEqual(['divided: Ok(Ok(3))']);
      expect(await caller.ask('divide 7 0', 'divided')).toEqual(['divided: Ok(Err("7 cannot be divided by 0"))']);
      expect(await caller.ask('many-bytes 300000', '300000')).toEqual(['300000 bytes, right']);
      expect((await caller.ask('panic oh no', 'panicked'))[0]).toMatch(/^panicked: Err\(InternalError/u);
    });

    test("rows that a procedure commits are in its caller's cache before its value", async () => {
      const caller = await connect();
      await caller.ask('subscribe SELECT * FROM entry', 'applied');
      expect(await caller.ask('write-in-transaction by a procedure', 'written')).toEqual([
        'inserted "by a procedure" by somebody else, 1 rows',
        'written in a transaction: Some("by a procedure")',
      ]);
    });

    test('whoever comes back with a token is who they were; a bad one is refused', async () => {
      const first = start();
      const who = await first.connected();
      await first.ask('write mine', 'Write');
      expect(await first.ask('disconnect', 'disconnected')).toEqual(['disconnected with 0 rows: as asked']);
      expect(await first.finish()).toBe(0);

      const again = start({ token: who.token });
      expect(await again.connected()).toEqual(who);
      const others = await notes.rows('SELECT author FROM entry');
      expect(others).toEqual([[[`0x${who.identity}`]]]);

      const stranger = start({ token: 'not.a.token' });
      expect((await stranger.until('refused'))[0]).toMatch(/401/u);
      expect(await stranger.finish()).toBe(0);
    });

    test('a client hears of the end of its server, keeps its rows, and can come back to the new one', async () => {
      const client = start();
      const { token } = await client.connected();
      await client.ask('subscribe SELECT * FROM entry', 'applied');
      client.tell('write kept');
      await client.take(2);
      await notes.server.stop();
      expect(await client.until('disconnected')).toEqual([expect.stringMatching(/^disconnected with 1 rows/u)]);
      await notes.server.restart();
      const again = await connect({ token });
      expect(await again.ask('subscribe SELECT * FROM entry', 'inserted')).toContain(
        'inserted "kept" by subscribing, 1 rows',
      );
    });
  },
);
