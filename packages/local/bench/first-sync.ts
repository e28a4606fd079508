// How long a first sync takes, and what it asks of the storage: `first-sync.ts CHANGES [log | dimple] [encrypted]`.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BlobStore } from '@lightcone/blobs';
import { EncryptedBlobStore } from '@lightcone/blobs/encrypted';
import { FolderBlobStore } from '@lightcone/blobs/node';
import { CountingBlobStore } from '@lightcone/blobs/testing';
import { defineSchema, openDbSync, table, text } from '@lightcone/local';
import { betterSqlite } from '@lightcone/local/node';
import { createSync } from '@lightcone/local/sync';

const changes = Number(process.argv[2] ?? 100_000);
const layout = process.argv[3] === 'dimple' ? 'dimple' : 'log';
const isEncrypted = process.argv[4] === 'encrypted';

const folder = mkdtempSync(join(tmpdir(), 'lightcone-first-sync-'));
const schema = defineSchema({ Artist: table({ name: text(), country: text() }) });
const open = (name: string) => openDbSync({ schema, driver: betterSqlite(join(folder, name)), durability: 'normal' });
const inner = new FolderBlobStore(join(folder, 'remote'));
const base: BlobStore = isEncrypted ? await EncryptedBlobStore.open(inner, { passphrase: 'bench' }) : inner;
const remote = new CountingBlobStore(base);
const megabytes = (bytes: number): string => (bytes / 1_048_576).toFixed(1);

async function measure(what: string, work: () => unknown): Promise<void> {
  remote.reset();
  globalThis.gc?.();
  let most = 0;
  const sampling = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 50);
  const start = performance.now();
  await work();
  const seconds = (performance.now() - start) / 1000;
  clearInterval(sampling);
  const rss = megabytes(Math.max(most, process.memoryUsage().rss));
  const traffic = `${megabytes(remote.bytesPut)} MB put, ${megabytes(remote.bytesGot)} MB got`;
  console.log(`${what}: ${seconds.toFixed(2)} s, ${remote.operations()} operations, ${traffic}, ${rss} MB resident`);
}

try {
  const a = open('a.db');
  await measure('saves', () => {
    for (let done = 0; done < changes; done += 10_000) {
      a.transaction((tx) => {
        const until = Math.min(changes, done + 10_000);
        for (let i = done; i < until; i++) tx.Artist.save({ name: `Artist ${i}`, country: i % 2 === 0 ? 'DE' : 'UK' });
      });
    }
  });
  const push = createSync(a, { remote, layout });
  await measure('push', () => push.once());
  await measure('sync with nothing new', () => push.once());
  const b = open('b.db');
  const pull = createSync(b, { remote, layout });
  await measure('pull into a fresh database', () => pull.once());
  await measure('sync with nothing new', () => pull.once());
  const again = createSync(b, { remote, layout });
  await measure('the same in a new process', () => again.once());
  b.Artist.save({ name: 'one', country: 'more' });
  await measure('push of one change', () => pull.once());
  await measure('pull of one change', () => push.once());
  console.log(
    `equal: ${JSON.stringify(a.log.changeIds().length)} and ${JSON.stringify(b.log.changeIds().length)} changes`,
  );
  a.close();
  b.close();
} finally {
  rmSync(folder, { recursive: true });
}
