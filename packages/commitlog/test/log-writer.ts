// A program that writes a log until it is killed, and prints each offset that became durable.
import { CommitLog } from '../src/index.ts';
import { NodeFileSystem } from '../src/node-file-system.ts';
import { appendRecords } from './log-content.ts';

process.stdout.on('error', () => {}); // the reader stops reading before it kills us
const log = await CommitLog.open(new NodeFileSystem(), process.argv[2] ?? '');
log.onDurable((offset) => process.stdout.write(`${offset}\n`));
for (;;) {
  appendRecords(log, 3, 50);
  await log.sync();
}
