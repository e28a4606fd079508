/*
 * `node killed-restore.ts STORE DATA_DIR OPERATIONS`: restores the database of a store in the place of the one that is in
 * a data directory, and kills itself before the file operation of that number. Prints how many there were if it gets to
 * the end.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const [archive, dataDir, killAt] = process.argv.slice(2) as [string, string, string];
let operations = 0;

function countCallsOf<Name extends string>(
  owner: Record<Name, (...args: never[]) => unknown>,
  names: readonly Name[],
): void {
  for (const name of names) {
    const real = owner[name];
    owner[name] = (...args) => {
      if (++operations === Number(killAt)) process.kill(process.pid, 'SIGKILL');
      return real.apply(owner, args);
    };
  }
}

countCallsOf(fs.promises as never, ['mkdir', 'open', 'rename', 'rm', 'rmdir', 'writeFile', 'link']);
countCallsOf(fs as never, ['open', 'write', 'ftruncate', 'fsync', 'fdatasync', 'rename', 'unlink', 'mkdir']);
syncBuiltinESMExports();

const { FolderBlobStore } = await import('@lightcone/blobs/node');
const { restore } = await import('../src/copies/index.ts');
operations = 0;
await restore({ store: new FolderBlobStore(archive), target: { kind: 'latest' }, dataDir, replace: true });
process.stdout.write(String(operations));
