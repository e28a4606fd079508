// The same modules in every language a module can be written in: equal definitions, equal outcomes.
import { describe, expect, test } from 'vitest';
import { comparableDefinition } from '../src/comparable-definition.ts';
import { newPerson, request } from '../src/http.ts';
import { rawDefinition } from '../src/module-definition.ts';
import { inEachLanguage } from '../src/module-languages.ts';
import { modulePath } from '../src/modules.ts';
import { PublishedModule } from '../src/published-module.ts';

describe.each(['features', 'quickstart-chat', 'transfers'])('the definition of %s', (module) => {
  const expected = comparableDefinition(rawDefinition(modulePath(module)));

  test.each(inEachLanguage(module))('in $language', ({ name }) => {
    expect(comparableDefinition(rawDefinition(modulePath(name)))).toEqual(expected);
  });
});

describe.each(inEachLanguage('quickstart-chat'))('quickstart-chat in $language', ({ name }) => {
  test('people come, name themselves, talk and go', async () => {
    await using module = await PublishedModule.start(name);
    expect(await module.logs()).toContainEqual(
      expect.objectContaining({ level: 'Info', function: 'init', message: 'the chat room is open' }),
    );
    const { server, database, owner } = module;
    await module.run('set_name', '  Ann ');
    expect(await module.fail('set_name', ' \t')).toBe('a name must not be empty');
    expect(await module.fail('set_name', 'ä'.repeat(33))).toBe('a name has at most 32 characters');
    await module.run('set_name', 'ä'.repeat(32));
    await module.run('send_message', ' hello\n');
    expect(await module.fail('send_message', '')).toBe('a message must not be empty');
    expect(await module.fail('send_message', '🚀'.repeat(1001))).toBe('a message has at most 1000 characters');
    // Each call over HTTP is a visit of its own.
    expect(await module.rows('SELECT * FROM user')).toEqual([[[`0x${owner.identity}`], [0, 'ä'.repeat(32)], true]]);
    const messages = (await module.rows('SELECT * FROM message')) as [string[], [number], string][];
    expect(messages).toEqual([[[`0x${owner.identity}`], [expect.any(Number)], 'hello']]);
    const [sent] = messages[0]?.[1] ?? [];
    expect(Math.abs((sent ?? 0) / 1000 - Date.now())).toBeLessThan(60_000);
    expect(await module.logs()).toContainEqual(
      expect.objectContaining({ level: 'Info', message: `${owner.identity}: hello` }),
    );
    const stranger = await newPerson(server);
    const users = await request(server, 'POST', `/v1/database/${database}/sql`, {
      body: 'SELECT online FROM user',
      token: stranger.token,
    });
    expect(JSON.parse(await users.text())).toMatchObject([{ rows: expect.arrayContaining([[true]]) as unknown }]);
  });
});

describe.each(inEachLanguage('transfers'))('transfers in $language', ({ name }) => {
  test('money moves, and is neither made nor lost', async () => {
    await using module = await PublishedModule.start(name);
    const accounts = async (): Promise<unknown[]> =>
      (await module.rows('SELECT * FROM accounts')).toSorted(([a], [b]) => Number(a) - Number(b));
    await module.run('seed', 5, 1);
    await module.run('seed', 3, 100);
    await module.run('transfer', 0, 2, 30);
    for (const [from, to, amount, reason] of [
      [1, 1, 5, 'the two accounts must differ'],
      [0, 1, 0, 'the amount must be positive'],
      [0, 1, -5, 'the amount must be positive'],
      [0, 7, 5, 'there is no account 7'],
      [8, 0, 5, 'there is no account 8'],
      [0, 1, 71, 'account 0 has only 70'],
    ] as const) {
      expect(await module.fail('transfer', from, to, amount)).toBe(reason);
    }
    expect(await accounts()).toEqual([
      [0, 70],
      [1, 100],
      [2, 130],
    ]);
    // JSON numbers of this size are not exact in JavaScript, but on the wire they are.
    const most = 2n ** 63n - 1n;
    const response = await request(module.server, 'POST', `/v1/database/${module.database}/call/seed`, {
      body: `[2, ${most}]`,
      headers: { 'content-type': 'application/json' },
      token: module.owner.token,
    });
    expect(response.status).toBe(200);
    expect(await module.fail('transfer', 0, 1, 1)).toBe('account 1 cannot hold so much');
  });
});
