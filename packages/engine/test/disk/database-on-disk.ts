import { CommitLog, type FileSystem } from '@lightcone/commitlog';
import { ConnectionId, types } from '@lightcone/sats';
import { Database, type DatabaseOptions, decodeSqlRows } from '../../src/index.ts';
import { FakeClock, testIdentity } from '../../src/testing/index.ts';
import { rawTable } from '../../../schema/test/raw-modules.ts';
import { anyModule } from '../support/any-module.ts';
import { memoryOptions } from '../support/memory-options.ts';

/** Few bytes, so that every one of them can be tried: a table of numbers. */
export const numbersModule = anyModule({
  typespace: [types.product([['n', types.u32]])],
  types: [{ scope: [], name: 'Number', ref: 0, customOrdering: true }],
  tables: [rawTable({ name: 'number', productTypeRef: 0 })],
});

const owner = {
  identity: testIdentity('owner'),
  connectionId: ConnectionId.fromBigInt(1n),
  jwtPayload: '{"iss":"test","sub":"owner"}',
};

/** A database of numbers on some disk: transaction `k` brings `2k` and `2k + 1`. */
export class DatabaseOnDisk {
  readonly database: Database;
  /** Why it stopped, if it did. */
  failure: Error | undefined;

  private constructor(database: Database) {
    this.database = database;
  }

  static create(fs: FileSystem): Promise<DatabaseOnDisk> {
    return DatabaseOnDisk.#make(fs, (options) => Database.create(options, numbersModule, owner.identity));
  }

  static open(fs: FileSystem): Promise<DatabaseOnDisk> {
    return DatabaseOnDisk.#make(fs, (options) => Database.open(options));
  }

  static async #make(fs: FileSystem, make: (options: DatabaseOptions) => Promise<Database>): Promise<DatabaseOnDisk> {
    let made: DatabaseOnDisk | undefined;
    const database = await make({
      ...memoryOptions(new FakeClock(), () => {}),
      log: await CommitLog.open(fs, 'database', { maxSegmentBytes: 1_000 }),
      defer: queueMicrotask,
      onFailure: (error) => {
        if (error.code === 'ENGINE_STOPPED') throw error;
        if (made !== undefined) made.failure = error;
      },
    });
    return (made = new DatabaseOnDisk(database));
  }

  /** Runs transaction `k`; resolves when it is durable. */
  async insert(k: number): Promise<void> {
    const result = this.database.sql(owner, `INSERT INTO number (n) VALUES (${2 * k}), (${2 * k + 1})`);
    if (result.kind !== 'ok') throw new Error(`transaction ${k} failed: ${JSON.stringify(result)}`);
    await this.database.whenDurable(result.txOffset);
  }

  /** How many of the transactions are there. @throws Error if it is not the first of them, each as a whole */
  count(): number {
    const result = this.database.sql(owner, 'SELECT n FROM number');
    if (result.kind !== 'ok') throw new Error(JSON.stringify(result));
    const numbers = (decodeSqlRows(result.outcome) as { n: number }[])
      .map(({ n }) => n)
      .toSorted((left, right) => left - right);
    if (numbers.length % 2 !== 0 || numbers.some((n, i) => n !== i)) throw new Error(`there is ${numbers.join(' ')}`);
    return numbers.length / 2;
  }
}
