import { MemoryBlobStore } from '@lightcone/blobs';
import { FaultyBlobStore } from '@lightcone/blobs/testing';
import { CommitLog, SnapshotStore } from '@lightcone/commitlog';
import { ConnectionId } from '@lightcone/sats';
import { SimulatedDisk } from '../../../commitlog/src/testing/simulated-disk.ts';
import type { EmbeddedDatabase } from '../../src/embedded/embedded-database.ts';
import { openEmbedded } from '../../src/embedded/open-embedded.ts';
import type { Session } from '../../src/embedded/session.ts';
import { FakeClock, testIdentity } from '../../src/testing/index.ts';
import { type Ending, type Script, interpreterModule } from './interpreter.ts';
import { REDUCER, describeTables } from './tables.ts';

const program = interpreterModule(describeTables());
/** Enough for the longest script, little enough for an endless one to end soon. */
const LIMITS = { maxMemoryPages: 64, energyPerCall: 30_000_000 };

const POLICY = {
  everyTransactions: 4,
  everyBytes: Number.POSITIVE_INFINITY,
  maxBytesPerLogByte: Number.POSITIVE_INFINITY,
  kept: 2,
  keepsWholeLog: false,
};

export const RESTARTS = ['close', 'kill', 'losePower'] as const;
export type Restart = (typeof RESTARTS)[number];

/**
 * A database with a log on a disk that can lose power, and one client that writes. Every other one takes snapshots, so
 * often that one is under way nearly always, and removes the log before the last two.
 */
export class DatabaseUnderTest {
  /** Starts, over all of them, with a log that has lost its beginning: from a snapshot. */
  static startsFromSnapshots = 0;
  embedded!: EmbeddedDatabase;
  writer!: Session;
  readonly #disk: SimulatedDisk;
  #messages: string[] = [];
  #connections = 0n;
  readonly #blobs: MemoryBlobStore | undefined;
  /** What the program that runs sees of them. */
  #power = { isOn: true };

  private constructor(random: () => number) {
    this.#disk = new SimulatedDisk(random);
    this.#blobs = random() < 0.5 ? new MemoryBlobStore() : undefined;
  }

  static async open(random: () => number): Promise<DatabaseUnderTest> {
    const database = new DatabaseUnderTest(random);
    await database.#open();
    return database;
  }

  async #open(): Promise<void> {
    const clock = new FakeClock();
    const log = await CommitLog.open(this.#disk, '/db');
    if (log.firstTxOffset > 0) DatabaseUnderTest.startsFromSnapshots++;
    this.embedded = await openEmbedded({
      program,
      identity: testIdentity('database'),
      owner: testIdentity('owner'),
      log,
      ...(this.#blobs && { snapshots: { store: new SnapshotStore(this.#blobsOf(this.#blobs)), policy: POLICY } }),
      clock,
      timers: clock,
      limits: LIMITS,
      defer: clock.defer,
      newConnectionId: () => this.newConnectionId(),
      moduleLog: ({ message }) => this.#messages.push(message),
    });
    this.writer = await this.connect('writer');
  }

  /** They fail for a program that was killed. */
  #blobsOf(blobs: MemoryBlobStore): FaultyBlobStore {
    const power = this.#power;
    return new FaultyBlobStore(blobs, () => (power.isOn ? undefined : { kind: 'before' }));
  }

  newConnectionId(): ConnectionId {
    return ConnectionId.fromBigInt(++this.#connections);
  }

  connect(name: string): Promise<Session> {
    return this.embedded.connect(testIdentity(name));
  }

  /** Ends the database in one of the ways in which programs end, and opens it from its log. */
  async restart(how: Restart): Promise<void> {
    if (how === 'close') await this.embedded.close();
    else this.#disk[how === 'kill' ? 'killProgram' : 'losePower']();
    this.#power.isOn = false;
    this.#power = { isOn: true };
    await this.#open();
  }

  /** @returns how the call ended for its caller, and what the script logged, if it came so far */
  async run(script: Script, ending: Ending): Promise<{ outcome: string; log: string | undefined }> {
    this.#messages = [];
    const outcome = await this.writer.call(REDUCER, script.finish(ending)).then(
      () => 'ok',
      (error: Error) => error.message,
    );
    return { outcome, log: this.#messages.find((message) => /^[0-9a-f]+$/.test(message)) };
  }

  close(): Promise<void> {
    return this.embedded.close();
  }
}
