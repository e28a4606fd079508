// The module's own tests, on a database in memory that each test has for itself: for the module in every language.
import { readFileSync } from 'node:fs';
import { openTestDatabase, testIdentity } from '@lightcone/engine/testing';
import type { Session } from '@lightcone/engine';
import { describe, expect, test } from 'vitest';

const languages = [
  { language: 'Rust', path: '../quickstart-chat.wasm' },
  { language: 'AssemblyScript', path: '../../quickstart-chat-assemblyscript/quickstart-chat-assemblyscript.wasm' },
];

describe.each(languages)('in $language', ({ path }) => {
  const program = readFileSync(new URL(path, import.meta.url));

  test('whoever connects is a user without a name, and online', async () => {
    await using chat = await openTestDatabase(program);
    const ann = await chat.connect('ann');
    expect(await ann.query('SELECT * FROM user')).toEqual([
      { identity: identityOf('ann'), name: { tag: 'none', value: {} }, online: true },
    ]);
  });

  test('whoever leaves stays a user, offline, and is the same one on coming back', async () => {
    await using chat = await openTestDatabase(program);
    const ann = await chat.connect('ann');
    const bob = await chat.connect('bob');
    await ann.call('set_name', 'Ann');
    ann.disconnect();
    expect(await namesAndPresence(bob)).toEqual({ Ann: false });
    await chat.connect('ann');
    expect(await namesAndPresence(bob)).toEqual({ Ann: true });
    expect(await bob.query('SELECT * FROM user')).toHaveLength(2);
  });

  test('a message carries its sender and the time of its call', async () => {
    await using chat = await openTestDatabase(program);
    const ann = await chat.connect('ann');
    await ann.call('send_message', 'hello');
    await chat.clock.advance(60_000);
    await ann.call('send_message', 'hello');
    const messages = await ann.query('SELECT * FROM message');
    expect(messages.map(({ text }) => text)).toEqual(['hello', 'hello']);
    expect(messages[0]).toMatchObject({ sender: identityOf('ann') });
  });

  test('what one says is in the subscriptions of the others', async () => {
    await using chat = await openTestDatabase(program);
    const ann = await chat.connect('ann');
    const bob = await chat.connect('bob');
    const seen = await bob.subscribe('SELECT * FROM message');
    await ann.call('send_message', 'hello');
    expect(seen.rows('message')).toMatchObject([{ sender: identityOf('ann'), text: 'hello' }]);
  });

  test.each([
    { reducer: 'set_name', text: '', error: 'a name must not be empty' },
    { reducer: 'set_name', text: ' \t\n', error: 'a name must not be empty' },
    { reducer: 'set_name', text: 'ä'.repeat(33), error: 'a name has at most 32 characters' },
    { reducer: 'send_message', text: ' ', error: 'a message must not be empty' },
    { reducer: 'send_message', text: 'x'.repeat(1001), error: 'a message has at most 1000 characters' },
  ])('$reducer refuses "$text"', async ({ reducer, text, error }) => {
    await using chat = await openTestDatabase(program);
    const ann = await chat.connect('ann');
    await expect(ann.call(reducer, text)).rejects.toThrow(error);
    expect(await ann.query('SELECT * FROM message')).toEqual([]);
  });

  test('white space around a text is no part of it, and the limits count characters', async () => {
    await using chat = await openTestDatabase(program);
    const ann = await chat.connect('ann');
    await ann.call('set_name', `  ${'ä'.repeat(32)} `);
    await ann.call('send_message', '  🚀 off we go ');
    expect(await namesAndPresence(ann)).toEqual({ ['ä'.repeat(32)]: true });
    expect(await ann.query("SELECT * FROM message WHERE text = '🚀 off we go'")).toHaveLength(1);
  });
});

/** The identity of a person of `TestDatabase.connect`, as rows hold it. */
function identityOf(person: string): { __identity__: bigint } {
  return { __identity__: testIdentity(person).toBigInt() };
}

/** Who is online, of those who have a name. */
async function namesAndPresence(observer: Session): Promise<Record<string, unknown>> {
  const users = await observer.query('SELECT * FROM user');
  const named = users.map(({ name, online }) => [name as { tag: string; value: unknown }, online] as const);
  return Object.fromEntries(named.flatMap(([name, online]) => (name.tag === 'some' ? [[name.value, online]] : [])));
}
