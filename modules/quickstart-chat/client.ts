// A chat client for the terminal: prints what is said, sends what is typed.
//
//   node modules/quickstart-chat/client.ts [name] [--host ws://127.0.0.1:3000] [--database quickstart-chat]
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { setGlobalLogLevel } from 'spacetimedb';
import { ChatSession, type SessionState } from './bindings/chat-session.ts';
import type { ChatConnection, Message } from './bindings/index.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    host: { type: 'string', default: 'ws://127.0.0.1:3000' },
    database: { type: 'string', default: 'quickstart-chat' },
  },
});
const name = positionals[0];

let connection: ChatConnection | undefined;
/** What was printed, so that a reconnect prints only what was missed. */
const printed = new Set<string>();
/** Lines typed while there was no connection. */
let unsent: string[] = [];
/** Answers come in the order of the calls, so all are answered when the latest is. */
let latestCall: Promise<void> = Promise.resolve();
let isInputEnded = false;

// The session says itself how a connection goes.
setGlobalLogLevel('error');
const session = new ChatSession({ host: options.host, database: options.database, onState });

const input = createInterface({ input: process.stdin });
input.on('line', send);
input.on('close', () => {
  isInputEnded = true;
  endWhenAllIsSent();
});

function onState(state: SessionState): void {
  connection = state.kind === 'connected' ? state.connection : undefined;
  switch (state.kind) {
    case 'connecting':
      break;
    case 'waiting':
      console.log(`* no connection (${state.reason}), trying again in ${state.delayMs} ms`);
      break;
    case 'connected':
      console.log(`* connected to ${options.database} at ${options.host}`);
      follow(state.connection);
      break;
  }
}

function follow(current: ChatConnection): void {
  const messages = [...current.db.message.iter()].sort((a, b) => Number(sentAt(a) - sentAt(b)));
  for (const message of messages) print(current, message);
  current.db.message.onInsert((_context, message) => print(current, message));
  if (name !== undefined) latestCall = report(current.reducers.setName({ name }));
  const lines = unsent;
  unsent = [];
  for (const line of lines) send(line);
  endWhenAllIsSent();
}

function print(current: ChatConnection, message: Message): void {
  // No two rows of a table are equal in every column.
  const key = `${message.sender.toHexString()} ${sentAt(message)} ${message.text}`;
  if (printed.has(key)) return;
  printed.add(key);
  const sender = current.db.user.identity.find(message.sender);
  console.log(`${sender?.name ?? message.sender.toHexString().slice(0, 8)}: ${message.text}`);
}

function sentAt(message: Message): bigint {
  return message.sent.microsSinceUnixEpoch;
}

function send(text: string): void {
  if (connection === undefined) unsent.push(text);
  else latestCall = report(connection.reducers.sendMessage({ text }));
}

function endWhenAllIsSent(): void {
  if (isInputEnded && unsent.length === 0) void latestCall.then(() => session.close());
}

/** Prints why the module refused a call. */
async function report(call: Promise<void>): Promise<void> {
  try {
    await call;
  } catch (error) {
    console.log(`* ${error instanceof Error ? error.message : String(error)}`);
  }
}
