import type { BlobStore } from '@lightcone/blobs';
import { CommitLog, type CommitLogOptions, SnapshotStore } from '@lightcone/commitlog';
import { SimulatedDisk } from '@lightcone/commitlog/testing';
import { ConnectionId } from '@lightcone/sats';
import type { Subprotocol } from '@lightcone/protocol';
import { sha256 } from '@noble/hashes/sha2.js';
import type { CallResult, SqlResult } from '../../call-result.ts';
import type { Caller } from '../../client.ts';
import type { DatabaseOptions, SnapshotOptions } from '../../database-options.ts';
import { Database } from '../../database.ts';
import { readOutboundBatch } from '../../outbound-batch.ts';
import type { HttpHandlerResult } from '../../procedures/procedure-result.ts';
import type { SnapshotPolicy } from '../../snapshots/snapshot-policy.ts';
import { FakeClock } from '../fake-clock.ts';
import { testIdentity } from '../test-database.ts';
import { Delay } from './delay.ts';
import { MortalBlobStore } from './mortal-blob-store.ts';
import { type LinkEnd, SimulatedLink } from './simulated-link.ts';

const FOLDER = 'database';
const OWNER = 'owner';

export interface SimulatedServerOptions {
  readonly program: Uint8Array;
  /** From 0 to below 1. Everything that is left to chance comes from it, so that a run can be had again. */
  readonly random: () => number;
  readonly log?: CommitLogOptions;
  /** Where snapshots go, and when; there are none unless it is given. */
  readonly snapshots?: { readonly blobs: BlobStore; readonly policy: SnapshotPolicy };
  /** The longest that the network takes for a message, the disk for a write or sync, and the end of a turn. */
  readonly maxNetworkMicros: number;
  readonly maxDiskMicros: number;
  readonly maxTurnMicros: number;
  /** The database is there: clients may connect. */
  readonly onUp: () => void;
  /** It is gone: killed, or because it cannot go on. `start` brings it back. */
  readonly onDown: (reason: Error | undefined) => void;
}

/**
 * One database with its process, disk and network, in which nothing but the seed decides what happens when: time is
 * that of a `FakeClock`, and every message, write and end of a turn has a random delay on it.
 *
 * It dies and is started again at any time. What a dead process left behind (timers, promises, writes that are half
 * done) never touches a later one.
 */
export class SimulatedServer {
  readonly clock: FakeClock = new FakeClock();
  readonly disk: SimulatedDisk;
  readonly #options: SimulatedServerOptions;
  readonly #links = new Map<number, SimulatedLink>();
  #database: Database | undefined;
  /** The process that lives; replaced by its successor. */
  #process: object | undefined;
  #wasMade = false;
  #lastNumber = 0;

  constructor(options: SimulatedServerOptions) {
    this.#options = options;
    this.disk = new SimulatedDisk(options.random, () => this.#diskTime());
  }

  /** The database while it is up. */
  get database(): Database | undefined {
    return this.#database;
  }

  /** Whether a process is there, be it that it still opens the database. */
  get isRunning(): boolean {
    return this.#process !== undefined;
  }

  /** Starts a process, which makes the database or opens it; `onUp` or `onDown` follows. Called as `kill` is. */
  start(): void {
    if (this.#process !== undefined) throw new Error('it is running');
    const process = (this.#process = {});
    this.#open(process).then(
      (database) => {
        if (this.#process !== process) return;
        this.#wasMade = true;
        this.#database = database;
        this.#options.onUp();
      },
      (error: unknown) => this.#end(process, error as Error),
    );
  }

  /**
   * Ends the process at once; with `losesPower` also what was not synced is gone, or part of it. To be called by a
   * wake-up of the clock, when all that can go on has come to the disk, the network or the clock.
   */
  kill(losesPower: boolean): void {
    const process = this.#process;
    if (losesPower) this.disk.losePower();
    if (process !== undefined) this.#end(process, undefined);
  }

  /** Connects a client, which hears by `end` what the server says. */
  connect(name: string, protocol: Subprotocol, isConfirmed: boolean, isLight: boolean, end: LinkEnd): SimulatedLink {
    const number = ++this.#lastNumber;
    const link = new SimulatedLink(number, end, this.#network(), this.#network());
    const request = { ...caller(name, number), number, token: '', protocol, isConfirmed, isLight };
    this.#atServer(link, (database) => {
      this.#links.set(number, link);
      database.connect(request);
    });
    return link;
  }

  send(link: SimulatedLink, message: Uint8Array | string): void {
    const isText = typeof message === 'string';
    const bytes = isText ? new TextEncoder().encode(message) : message;
    this.#atServer(link, (database) => database.receive(link.number, bytes, 0, bytes.length, isText));
  }

  /** The client goes away: the server hears of it later. */
  disconnect(link: SimulatedLink): void {
    link.drop(1000, 'left');
    this.#atServer(link, (database) => {
      this.#links.delete(link.number);
      database.disconnect(link.number);
    });
  }

  /** Calls a function over HTTP. Resolves with nothing if no answer comes. */
  call(name: string, functionName: string, argsJson: string): Promise<CallResult | undefined> {
    return this.#request(async (database, number) => {
      const result = await database.call(caller(name, number), functionName, argsJson);
      // As the server does before it answers.
      if ('txOffset' in result && result.txOffset !== undefined) await database.whenDurable(result.txOffset);
      return result;
    });
  }

  /** Sends a body to a handler of the module. Resolves with nothing if no answer comes. */
  handleHttp(path: string, body: Uint8Array): Promise<HttpHandlerResult | undefined> {
    const uri = `http://simulation/v1/database/x/route${path}`;
    const request = { method: 'POST', uri, headers: [], timeoutMicros: undefined, version: 'HTTP/1.1' } as const;
    return this.#request(async (database) => {
      const result = await database.handleHttp(path, request, body);
      if (result.kind === 'responded' && result.txOffset !== undefined) await database.whenDurable(result.txOffset);
      return result;
    });
  }

  /** Runs a statement over HTTP, confirmed. Resolves with nothing if no answer comes. */
  sql(name: string, text: string): Promise<SqlResult | undefined> {
    return this.#request(async (database, number) => {
      const result = database.sql(caller(name, number), text);
      if ('txOffset' in result) await database.whenDurable(result.txOffset);
      return result;
    });
  }

  #request<Result>(ask: (database: Database, number: number) => Promise<Result>): Promise<Result | undefined> {
    const { promise, resolve } = Promise.withResolvers<Result | undefined>();
    const number = ++this.#lastNumber;
    const gone = { message: () => {}, closed: () => resolve(undefined) };
    const link = new SimulatedLink(number, gone, this.#network(), this.#network());
    this.#links.set(number, link);
    const answer = (result: Result | undefined): void => {
      this.#links.delete(number);
      this.#network().after(() => resolve(result));
    };
    this.#atServer(link, (database, process) => {
      ask(database, number).then(
        (result) => {
          if (this.#process === process) answer(result);
        },
        // The log has failed: the process is about to end, or has.
        () => answer(undefined),
      );
    });
    return promise;
  }

  /** Lets something arrive at the database. If it is not up by then, the client learns that it is not. */
  #atServer(link: SimulatedLink, arrive: (database: Database, process: object) => void): void {
    const sentTo = this.#process;
    link.toServer(() => {
      if (this.#database === undefined || this.#process === undefined || this.#process !== sentTo) {
        link.close(1006, 'nobody is there');
      } else arrive(this.#database, this.#process);
    });
  }

  async #open(process: object): Promise<Database> {
    const { program, log } = this.#options;
    try {
      return await Database.open(this.#databaseOptions(process, await CommitLog.open(this.disk, FOLDER, log)));
    } catch (error) {
      if (this.#wasMade || (error as { code?: string }).code !== 'ENGINE_NO_DATABASE') throw error;
    }
    const options = this.#databaseOptions(process, await CommitLog.open(this.disk, FOLDER, log));
    return Database.create(options, program, testIdentity(OWNER));
  }

  #databaseOptions(process: object, log: CommitLog): DatabaseOptions {
    const { clock } = this;
    const isAlive = (): boolean => this.#process === process;
    const whileAlive = (run: () => void) => (): void => {
      if (isAlive()) run();
    };
    return {
      identity: testIdentity('database'),
      log,
      clock,
      ...(this.#options.snapshots && { snapshots: this.#snapshotOptions(this.#options.snapshots, isAlive) }),
      timers: { wakeAt: (time, run) => clock.wakeAt(time, whileAlive(run)) },
      defer: (run) => void clock.wakeAt(this.#later(this.#options.maxTurnMicros), whileAlive(run)),
      moduleLog: () => {},
      deliver: (batch) => {
        if (isAlive()) this.#deliver(batch);
      },
      onFailure: (error) => this.#end(process, error),
    };
  }

  #snapshotOptions(
    { blobs, policy }: NonNullable<SimulatedServerOptions['snapshots']>,
    isAlive: () => boolean,
  ): SnapshotOptions {
    const mortal = new MortalBlobStore(blobs, () => this.#diskTime(), isAlive);
    // Not the platform's, which takes a time that no seed decides.
    return { store: new SnapshotStore(mortal, async (bytes) => sha256(bytes)), policy };
  }

  #deliver(batch: Uint8Array): void {
    readOutboundBatch(batch, {
      message: (numbers, payload) => {
        for (const number of numbers) this.#links.get(number)?.deliver(payload);
      },
      close: (number, code, reason) => {
        this.#links.get(number)?.close(code, reason);
        this.#links.delete(number);
      },
    });
  }

  #end(process: object, reason: Error | undefined): void {
    if (this.#process !== process) return;
    this.#process = undefined;
    this.#database = undefined;
    this.disk.killProgram();
    for (const link of this.#links.values()) {
      // The client's system may still have what was sent, or not.
      if (this.#options.random() < 0.5) link.close(1006, 'the server died');
      else this.clock.wakeAt(this.#later(this.#options.maxNetworkMicros), () => link.drop(1006, 'the server died'));
    }
    this.#links.clear();
    this.#options.onDown(reason);
  }

  #network(): Delay {
    return new Delay(this.clock, () => this.#options.random() * this.#options.maxNetworkMicros);
  }

  /** Resolves when the disk has done what it was told. */
  #diskTime(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.clock.wakeAt(this.#later(this.#options.maxDiskMicros), resolve);
    return promise;
  }

  #later(maxMicros: number): bigint {
    return this.clock.nowMicros() + BigInt(Math.floor(this.#options.random() * (maxMicros + 1)));
  }
}

function caller(name: string, number: number): Caller {
  const connectionId = ConnectionId.fromBigInt(BigInt(number));
  return {
    identity: testIdentity(name),
    connectionId,
    jwtPayload: JSON.stringify({ iss: 'lightcone-testing', sub: name }),
  };
}
