// The path of a developer's first day: start, publish, chat, look at logs and rows, lose the server, go on.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ChatUser } from '../src/chat-user.ts';
import { Cli } from '../src/cli.ts';
import { rows } from '../src/http.ts';
import { modulePath, terminalClient } from '../src/modules.ts';
import { ServerProcess } from '../src/server-process.ts';

const chat = modulePath('quickstart-chat');

describe('a chat from publish to restart', () => {
  let server: ServerProcess;
  let owner: Cli;
  let ann: ChatUser;
  let bob: ChatUser;

  beforeAll(async () => {
    server = await ServerProcess.start();
    owner = new Cli(server, 'owner');
  });

  afterAll(async () => {
    ann?.[Symbol.dispose]();
    bob?.[Symbol.dispose]();
    await server?.[Symbol.asyncDispose]();
  });

  test('publish creates the database without any login', async () => {
    const printed = await owner.succeed('publish', 'chat', '--bin-path', chat, '--yes');
    expect(printed).toMatch(/Created new database with name: chat, identity: c200[0-9a-f]{60}/);
  });

  test('publishing the same module again changes nothing', async () => {
    const printed = await owner.succeed('publish', 'chat', '--bin-path', chat, '--yes');
    expect(printed).toMatch(/Updated database with name: chat/);
  });

  test('two official clients see what each other says', async () => {
    ann = new ChatUser(server, 'chat');
    bob = new ChatUser(server, 'chat');
    await Promise.all([ann.connected(), bob.connected()]);

    const seen = bob.sees('hello from Ann');
    await ann.say('hello from Ann');
    await seen;
    await ann.sees('hello from Ann');
    await bob.say('hello from Bob');
    await ann.sees('hello from Bob');
    expect(await bob.texts()).toEqual(['hello from Ann', 'hello from Bob']);
  });

  test('each sees that the other is online, and the name that the other takes', async () => {
    const connection = await ann.connected();
    await connection.reducers.setName({ name: '  Ann  ' });
    const named = await bob.until('the name Ann', ({ db }) => [...db.user.iter()].find((user) => user.name === 'Ann'));
    expect(named).toMatchObject({ identity: connection.identity, online: true });
    await bob.until('two people online', ({ db }) => [...db.user.iter()].filter((user) => user.online).length === 2);
  });

  test('what the module refuses reaches the caller and nobody else', async () => {
    const { reducers, db } = await ann.connected();
    await expect(reducers.sendMessage({ text: '   ' })).rejects.toThrow('a message must not be empty');
    await expect(reducers.setName({ name: 'x'.repeat(33) })).rejects.toThrow('a name has at most 32 characters');
    expect(db.message.count()).toBe(2n);
  });

  test('logs --follow shows what the module writes as it happens', async () => {
    await using logs = owner.follow('logs', 'chat', '--follow');
    await logs.lineWith('hello from Bob');
    await ann.say('seen in the log');
    expect(await logs.lineWith('seen in the log')).toContain('INFO');
  });

  test('sql prints rows', async () => {
    const printed = await owner.succeed('sql', 'chat', 'SELECT text FROM message');
    expect(printed).toMatch(/^ text\s*$/m);
    expect(printed).toContain('"hello from Ann"');
  });

  test('call runs a reducer, and says why it did not', async () => {
    await owner.succeed('call', 'chat', 'send_message', 'from the command line');
    await bob.sees('from the command line');
    const refused = await owner.run('call', 'chat', 'send_message', '');
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain('a message must not be empty');
  });

  test('the terminal client says what is piped into it, and prints what was said', async () => {
    const args = [terminalClient, 'Carl', '--host', server.webSocketUrl, '--database', 'chat'];
    const { stdout } = spawnSync(process.execPath, args, { input: 'hello from a pipe\n', encoding: 'utf8' });
    expect(stdout).toContain('Ann: hello from Ann\n');
    expect(stdout).toContain('Carl: hello from a pipe\n');
    await bob.sees('hello from a pipe');
  });

  test('list names the database, describe its tables and reducers', async () => {
    expect(await owner.succeed('list', '--yes')).toContain('chat');
    const described = JSON.parse(await owner.succeed('describe', 'chat', '--json')) as { sections: object[] };
    const names = JSON.stringify(described);
    for (const name of ['"user"', '"message"', '"set_name"', '"send_message"']) expect(names).toContain(name);
  });

  test('somebody else may chat but neither publish over the database, nor read its log, nor delete it', async () => {
    const stranger = new Cli(server, 'stranger');
    await stranger.succeed('call', 'chat', 'send_message', 'from a stranger', '--yes');
    const refusals = [
      await stranger.run('publish', 'chat', '--bin-path', modulePath('person'), '--yes'),
      await stranger.run('logs', 'chat', '--yes'),
      await stranger.run('delete', 'chat', '--yes'),
      await stranger.run('sql', 'chat', 'DELETE FROM message', '--yes'),
    ];
    for (const { exitCode, stderr } of refusals) {
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(/not authorized/);
    }
    await ann.sees('from a stranger');
  });

  test('after SIGKILL and a restart everything acknowledged is there, and the clients come back by themselves', async () => {
    const acknowledged: string[] = [];
    const chatter = async (user: ChatUser, name: string): Promise<void> => {
      for (let number = 0; server.isRunning && number < 1000; number++) {
        const text = `${name} ${number}`;
        await user.say(text);
        acknowledged.push(text);
      }
    };
    void chatter(ann, 'Ann').catch(() => {});
    void chatter(bob, 'Bob').catch(() => {});
    await bob.sees('Ann 30');
    await server.kill();
    const before = [...acknowledged];
    expect(before.length).toBeGreaterThanOrEqual(30);

    await server.restart();
    const [annAgain, bobAgain] = await Promise.all(
      [ann, bob].map((user) => user.until('a new connection', (found) => user.connectionCount === 2 && found)),
    );
    expect(await ann.texts()).toEqual(expect.arrayContaining(['hello from Ann', 'from a stranger', ...before]));
    expect(await bob.texts()).toEqual(await ann.texts());
    expect(await storedTexts()).toEqual((await ann.texts()).toSorted());

    // They are the same people as before, and those who did not come back are offline.
    const annRow = annAgain?.identity && annAgain.db.user.identity.find(annAgain.identity);
    expect(annRow).toMatchObject({ name: 'Ann', online: true });
    await bob.until('two people online', ({ db }) => [...db.user.iter()].filter((user) => user.online).length === 2);
    expect(bobAgain?.db.user.count()).toBeGreaterThanOrEqual(4n);

    await ann.say('back again');
    await bob.sees('back again');
  });

  test('SIGTERM ends the server cleanly, with nothing lost', async () => {
    const before = await storedTexts();
    expect(await server.stop()).toBe(0);
    await server.restart();
    expect(await storedTexts()).toEqual(before);
  });

  test('delete ends the database', async () => {
    await owner.succeed('delete', 'chat', '--yes');
    const gone = await owner.run('sql', 'chat', 'SELECT * FROM message');
    expect(gone.exitCode).toBe(1);
  });

  async function storedTexts(): Promise<string[]> {
    return (await rows(server, 'chat', 'SELECT text FROM message')).map(([text]) => String(text)).toSorted();
  }
});

test('a second server on a taken port says so, and how to choose another', async () => {
  await using server = await ServerProcess.start();
  const args = ['--listen-addr', server.address, '--non-interactive'];
  const second = ServerProcess.start({ args });
  await expect(second).rejects.toThrow(/in use|taken/);
  await expect(second).rejects.toThrow(/--listen-addr/);
});

test('in memory, the server touches no data folder and forgets everything', async () => {
  await using server = await ServerProcess.start({ args: ['--in-memory'] });
  const owner = new Cli(server, 'owner');
  await owner.succeed('publish', 'chat', '--bin-path', chat, '--yes');
  using user = new ChatUser(server, 'chat');
  await user.say('gone soon');
  expect(existsSync(server.dataDir)).toBe(false);
});
