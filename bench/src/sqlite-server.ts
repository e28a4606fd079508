// The baseline: the same transfer on better-sqlite3 (WAL, synchronous=FULL, one transaction for each
// call) behind `ws`, with the same frames. Prints its port; on SIGTERM the sum of balances.
//
// Usage: sqlite-server.ts <database file>
import type { AddressInfo } from 'node:net';
import { readClientMessage, writeReducerResultErrText } from '@lightcone/protocol';
import { ByteReader, ByteWriter } from '@lightcone/sats';
import Database from 'better-sqlite3';
import { WebSocketServer } from 'ws';
import { ACCOUNTS, INITIAL_BALANCE } from './accounts.ts';
import { writeTransferResult } from './transfer-result.ts';

const database = new Database(process.argv[2]);
database.pragma('journal_mode = WAL');
database.pragma('synchronous = FULL');
database.exec('CREATE TABLE accounts (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL)');
const insert = database.prepare('INSERT INTO accounts VALUES (?, ?)');
database.transaction(() => {
  for (let id = 0; id < ACCOUNTS; id++) insert.run(id, INITIAL_BALANCE);
})();

const read = database.prepare('SELECT balance FROM accounts WHERE id = ?').pluck();
const write = database.prepare('UPDATE accounts SET balance = ? WHERE id = ?');
const transfer = database.transaction((from: number, to: number, amount: number) => {
  const source = read.get(from) as number | undefined;
  if (source === undefined || read.get(to) === undefined) throw new Error('no such account');
  if (source < amount) throw new Error('insufficient funds');
  if (from === to) throw new Error('the two accounts must differ');
  write.run(source - amount, from);
  write.run((read.get(to) as number) + amount, to);
});

const server = new WebSocketServer({
  host: '127.0.0.1',
  port: 0,
  perMessageDeflate: false,
  handleProtocols: (offered) => [...offered][0] ?? false,
});
server.on('connection', (socket) => {
  const writer = new ByteWriter();
  socket.send(Buffer.alloc(64));
  socket.on('message', (frame: Buffer) => {
    const reader = new ByteReader(frame);
    writer.reset();
    writer.u8(0);
    while (reader.remaining > 0) {
      const message = readClientMessage(reader);
      if (message.tag !== 'CallReducer') throw new Error(`unexpected ${message.tag}`);
      const args = new ByteReader(message.args);
      try {
        transfer.immediate(args.u32(), args.u32(), Number(args.i64()));
        writeTransferResult(writer, message.requestId);
      } catch (error) {
        writeReducerResultErrText(writer, message.requestId, 0n, String(error));
      }
    }
    socket.send(writer.finish());
  });
});
server.on('listening', () => console.log((server.address() as AddressInfo).port));
process.on('SIGTERM', () => {
  console.log(database.prepare('SELECT SUM(balance) FROM accounts').pluck().get());
  process.exit(0);
});
