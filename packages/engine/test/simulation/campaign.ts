import { readFileSync } from 'node:fs';
import { MemoryBlobStore } from '@lightcone/blobs';
import { seededRandom } from '@lightcone/commitlog/testing';
import {
  type CachedState,
  type Call,
  HistoryConnection,
  Recorder,
  type Step,
  callArgs,
  callArgsJson,
  decodeObserved,
  isProcedure,
  observedInFailure,
  operations,
  queryReads,
  queryText,
  randomCall,
  randomQuery,
  stepsJson,
} from '@lightcone/histories';
import { SUBPROTOCOLS, type Subprotocol } from '@lightcone/protocol';
import { type Anomaly, type Operation, checkHistory } from '@lightcone/serializability';
import type { CallResult } from '../../src/call-result.ts';
import { decodeSqlRows } from '../../src/sql.ts';
import { type LinkEnd, type SimulatedLink, SimulatedServer } from '../../src/testing/index.ts';

const PROGRAM = readFileSync(new URL('../../../../modules/histories/histories.wasm', import.meta.url));
const KEYS = [0, 1, 2, 3];
const CLIENTS = 5;
const HTTP_CLIENTS = 2;
const SETTLE_MS = 5_000;
/** Often, and only as much is kept of them and the log as has to be. */
const SNAPSHOTS = {
  everyTransactions: 30,
  everyBytes: Number.POSITIVE_INFINITY,
  maxBytesPerLogByte: Number.POSITIVE_INFINITY,
  kept: 2,
  keepsWholeLog: false,
};

/** What a simulation may do to its database; a test of the tests adds what no database can bear. */
export interface CampaignOptions {
  readonly seed: number;
  /** How long clients work, in simulated time. */
  readonly milliseconds?: number;
  /** Whether disks fail and fill up, too, and not only processes and power. */
  readonly breaksDisks?: boolean;
  readonly sabotage?: Sabotage;
}

/** What is wrong with the world of a database, and has to be found: it can bear none of this. */
export interface Sabotage {
  /** From some time on, syncs succeed and bring nothing to the disk. */
  readonly liesAboutSyncs?: boolean;
  /** With the death of its process the log loses its last bytes, also those that were synced. */
  readonly losesTail?: boolean;
  /** Does something else than to bring a message to a client. */
  readonly deliver?: (payload: Uint8Array, end: LinkEnd, random: () => number) => void;
}

/** What happened, for those who want to know whether enough did. */
export interface CampaignReport {
  readonly transactions: number;
  readonly confirmed: number;
  readonly lives: number;
  /** Everything that clients heard, as a number that differs if anything does. */
  readonly fingerprint: string;
}

/**
 * A database with many clients, over every protocol, in a world where everything takes its time and anything may
 * break at any moment. All of it follows from the seed.
 */
export class Campaign {
  readonly #options: CampaignOptions;
  readonly #random: () => number;
  readonly #server: SimulatedServer;
  readonly #recorder: Recorder;
  #now = 0;
  #nextTransaction = 1;
  #connections = 0;
  #updates = 0;
  #isOver = false;
  /** Whether what goes wrong with the disk is to be expected. */
  #isDiskBroken = false;
  #survivors: CachedState | undefined;
  #problems: Error[] = [];

  private constructor(options: CampaignOptions) {
    this.#options = options;
    const random = (this.#random = seededRandom(options.seed));
    // Every look at the clock is later than the one before.
    this.#recorder = new Recorder(() => ++this.#now);
    this.#server = new SimulatedServer({
      program: PROGRAM,
      random,
      log: { maxSegmentBytes: 20_000 },
      snapshots: { blobs: new MemoryBlobStore(() => this.#now), policy: SNAPSHOTS },
      maxNetworkMicros: 5_000,
      maxDiskMicros: 8_000,
      maxTurnMicros: 300,
      onUp: () => this.#audit(),
      onDown: (reason) => this.#died(reason),
    });
  }

  /** @throws Error with the seed, if anything is wrong */
  static async run(options: CampaignOptions): Promise<CampaignReport> {
    const campaign = new Campaign(options);
    try {
      return await campaign.#run();
    } catch (error) {
      throw new Error(`seed ${options.seed}: ${(error as Error).message}`, { cause: error });
    }
  }

  async #run(): Promise<CampaignReport> {
    const { clock, disk } = this.#server;
    const { milliseconds = 400, sabotage } = this.#options;
    this.#in(1, () => this.#server.start());
    if (sabotage?.liesAboutSyncs === true) this.#in(60_000, () => disk.lieAboutSyncs());
    for (let i = 0; i < CLIENTS; i++) this.#live(`client ${i}`);
    for (let i = 0; i < HTTP_CLIENTS; i++) this.#callOverHttp(`caller ${i}`);
    this.#readOverHttp('reader');
    this.#in(30_000, () => this.#breakThings());
    await clock.advance(milliseconds);
    this.#isOver = true;
    this.#repairDisk();
    this.#in(1, () => {
      if (!this.#server.isRunning) this.#server.start();
    });
    // What is under way arrives, what is due runs, what is down comes up.
    await clock.advance(SETTLE_MS);
    this.#server.kill(true);
    await clock.advance(SETTLE_MS);
    const survivors = this.#survivors;
    if (this.#problems[0] !== undefined) throw this.#problems[0];
    if (survivors === undefined) throw new Error('the database did not come back in the end');
    const history = this.#check(survivors);
    return {
      transactions: survivors.outcomes.size,
      confirmed: this.#recorder.confirmedCount,
      lives: this.#recorder.life,
      fingerprint: history,
    };
  }

  /** A client connects, works for a while, leaves or is left, and comes back. */
  #live(name: string): void {
    if (this.#isOver) return;
    if (this.#server.database === undefined) {
      this.#in(5_000, () => this.#live(name));
      return;
    }
    const protocol = SUBPROTOCOLS[this.#upTo(SUBPROTOCOLS.length)]!; // of the index
    const isConfirmed = this.#upTo(3) > 0;
    const connection = this.#connect(name, protocol, isConfirmed, () => this.#in(10_000, () => this.#live(name)));
    if (this.#upTo(5) > 0) connection.subscribe(this.#upTo(2) === 0);
    const pipelined = 1 + this.#upTo(4);
    const work = (): void => {
      if (this.#isOver || !connection.link.isOpen) return;
      if (this.#upTo(40) === 0) {
        this.#server.disconnect(connection.link);
        return;
      }
      for (let i = this.#upTo(3); i > 0 && connection.pendingCalls < pipelined; i--) connection.call(this.#nextCall());
      if (this.#upTo(5) === 0) connection.query(randomQuery(this.#random, KEYS));
      if (this.#upTo(25) === 0) connection.resubscribe();
      this.#in(4_000, work);
    };
    this.#in(1_000, work);
  }

  #connect(
    name: string,
    protocol: Subprotocol,
    isConfirmed: boolean,
    onClosed: () => void,
  ): HistoryConnection & { link: SimulatedLink } {
    const session = `connection ${++this.#connections} (${protocol}${isConfirmed ? '' : ', unconfirmed'})`;
    const { sabotage } = this.#options;
    const recorder = this.#recorder;
    const isJson = protocol === 'v1.json.spacetimedb';
    const plain: LinkEnd = {
      message: (payload) => connection.receive(isJson ? new TextDecoder().decode(payload) : payload),
      closed: () => {
        this.#expect(connection.errors);
        onClosed();
      },
    };
    const end: LinkEnd =
      sabotage?.deliver === undefined
        ? plain
        : { ...plain, message: (payload) => sabotage.deliver?.(payload, plain, this.#random) };
    const link = this.#server.connect(name, protocol, isConfirmed, this.#upTo(2) === 0, end);
    const send = (message: Uint8Array | string): void => this.#server.send(link, message);
    const connection = Object.assign(
      HistoryConnection.of({ protocol, session, isConfirmed, recorder, keys: KEYS, send }),
      { link },
    );
    return connection;
  }

  #callOverHttp(name: string): void {
    if (this.#isOver) return;
    const again = (): void => this.#in(15_000, () => this.#callOverHttp(name));
    const call = this.#nextCall();
    const recorder = this.#recorder;
    if (call.function === 'transact' && this.#upTo(2) === 0) {
      void this.#askHandler(call).then(again);
      return;
    }
    recorder.begin(call, undefined, true);
    void this.#server.call(name, call.function, callArgsJson(call)).then((result) => {
      const { transaction, steps, later } = call;
      if (result?.kind === 'committed') recorder.committed(transaction);
      else if (isRefusedByFullDisk(result)) recorder.failed(transaction, undefined);
      else if (result?.kind === 'failed') recorder.failed(transaction, observedInFailure(result.message));
      else if (result?.kind === 'returned') {
        const observed = decodeObserved(result.json);
        recorder.committed(transaction, observed.slice(0, steps.length));
        if (later !== undefined) recorder.committed(transaction + 1, observed.slice(steps.length));
      } else if (result !== undefined && !(result.kind === 'procedureFailed' && isProcedure(call))) {
        this.#problems.push(new Error(`a call over HTTP ended with ${JSON.stringify(result)}`));
      }
      again();
    });
  }

  /** The transaction of an HTTP handler. */
  async #askHandler(call: Call): Promise<void> {
    const recorder = this.#recorder;
    recorder.begin(call, undefined, true);
    const result = await this.#server.handleHttp('/transact', callArgs(call));
    // An update of the module ends handlers.
    if (result === undefined || result.kind === 'failed') return;
    if (result.kind === 'busy' && FULL_DISK.test(result.message)) {
      recorder.failed(call.transaction, undefined);
      return;
    }
    if (result.kind === 'responded' && result.response.status === 200) {
      recorder.committed(call.transaction, decodeObserved(result.body));
    } else this.#problems.push(new Error(`a handler ended with ${JSON.stringify(result)}`));
  }

  /** Reads that leave nothing behind: a query, or a procedure that only looks. */
  #readOverHttp(name: string): void {
    if (this.#isOver) return;
    const key = this.#upTo(KEYS.length);
    const invokedAt = ++this.#now;
    const answer = this.#upTo(2) === 0 ? this.#query(name) : this.#observe(name, key);
    void answer.then((read) => {
      if (read !== undefined) this.#recorder.read(read, `${name} over HTTP`, true, invokedAt);
      this.#in(15_000, () => this.#readOverHttp(name));
    });
  }

  async #query(name: string): Promise<Operation[] | undefined> {
    const query = randomQuery(this.#random, KEYS);
    const result = await this.#server.sql(name, queryText(query));
    if (result === undefined) return undefined;
    if (result.kind !== 'ok') {
      this.#problems.push(new Error(`a query ended with ${JSON.stringify(result)}`));
      return undefined;
    }
    // The engine's rows are those of the clients: plain values by column.
    return queryReads(query, decodeSqlRows(result.outcome) as unknown as Parameters<typeof queryReads>[1]);
  }

  async #observe(name: string, key: number): Promise<Operation[] | undefined> {
    const steps: Step[] = [
      { kind: 'readList', key },
      { kind: 'readRegister', key },
    ];
    const result = await this.#server.call(name, 'observe', stepsJson(steps));
    // An update of the module ends procedures.
    if (result?.kind !== 'returned') return undefined;
    return operations(steps, decodeObserved(result.json));
  }

  /** Kills, losses of power, disks that fail or are full, and updates of the module, one after the other. */
  #breakThings(): void {
    if (this.#isOver) return;
    const { disk } = this.#server;
    switch (this.#upTo(this.#options.breaksDisks === true ? 7 : 4)) {
      case 0:
        this.#server.kill(false);
        break;
      case 1:
        this.#server.kill(true);
        break;
      case 2:
        this.#update();
        break;
      case 3:
        break; // nothing, for once
      case 4:
      case 5:
        this.#isDiskBroken = true;
        disk.failAfter((['write', 'datasync', 'rename', 'syncFolder', 'open', 'read', 'truncate'] as const)[this.#upTo(7)]!, this.#upTo(6)); // prettier-ignore
        break;
      default:
        this.#isDiskBroken = true;
        disk.capacityBytes = disk.usedBytes + this.#upTo(3_000);
    }
    this.#in(60_000, () => this.#breakThings());
  }

  #update(): void {
    try {
      this.#server.database?.update(programVersion(++this.#updates), true);
    } catch (error) {
      if ((error as { code?: string }).code !== 'ENGINE_DISK_FULL') throw error;
    }
  }

  #repairDisk(): void {
    this.#server.disk.capacityBytes = Number.POSITIVE_INFINITY;
    this.#server.disk.repair();
    this.#isDiskBroken = false;
  }

  #died(reason: Error | undefined): void {
    const code = (reason as { code?: string } | undefined)?.code;
    const isOfDisk = code !== undefined && OF_DISK.has(code);
    const isExpected = (isOfDisk && this.#isDiskBroken) || code === 'ENGINE_DISK_HAS_ROOM';
    if (reason !== undefined && !isExpected) this.#problems.push(reason);
    this.#survivors = undefined;
    this.#recorder.life++;
    if (this.#options.sabotage?.losesTail === true) this.#loseTail();
    this.#in(20_000, () => {
      // Somebody looks after the disk before it is tried again, or not.
      if (this.#upTo(2) === 0 || this.#isOver) this.#repairDisk();
      if (!this.#server.isRunning) this.#server.start();
    });
  }

  #loseTail(): void {
    const { disk } = this.#server;
    void disk.list('database/clog').then((names) => {
      const newest = names.filter((name) => name.endsWith('.log')).toSorted().at(-1); // prettier-ignore
      if (newest === undefined) return;
      const path = `database/clog/${newest}`;
      disk.place(path, disk.contentOf(path).slice(0, -300));
    });
  }

  /** Whoever comes first after a start reads everything. */
  #audit(): void {
    const invokedAt = ++this.#now;
    const life = this.#recorder.life;
    const connection = this.#connect('auditor', 'v2.bsatn.spacetimedb', true, () => {
      if (!connection.isSubscribed) return;
      this.#recorder.read(connection.state.reads(KEYS), `the audit of life ${life}`, true, invokedAt);
      this.#recorder.mustKeep(connection.state, invokedAt);
      if (life === this.#recorder.life) this.#survivors = connection.state;
    });
    connection.subscribe(true);
    const leave = (): void => {
      if (connection.isSubscribed) this.#server.disconnect(connection.link);
      else if (connection.link.isOpen) this.#in(5_000, leave);
    };
    leave();
  }

  #check(survivors: CachedState): string {
    const recorder = this.#recorder;
    const histories = [recorder.durableHistory(survivors)];
    for (let life = 0; life <= recorder.life; life++) histories.push(recorder.historyOfLife(life, survivors));
    const anomalies = histories.flatMap((history) => checkHistory(history));
    if (anomalies.length > 0) throw new Error(describe(anomalies));
    return JSON.stringify(histories[0]);
  }

  /** A procedure may be ended by an update or a failing log, and a full disk refuses calls; nothing else may go wrong. */
  #expect(errors: readonly string[]): void {
    const unexpected = errors.filter((error) => !/the module was updated|log/.test(error) && !FULL_DISK.test(error));
    if (unexpected.length > 0) this.#problems.push(new Error(unexpected.join('; ')));
  }

  #nextCall(): ReturnType<typeof randomCall> {
    const transaction = this.#nextTransaction;
    this.#nextTransaction += 2;
    return randomCall({ random: this.#random, keys: KEYS, transaction, maxLaterMicros: 30_000 });
  }

  #in(maxMicros: number, run: () => void): void {
    const { clock } = this.#server;
    clock.wakeAt(clock.nowMicros() + BigInt(1 + this.#upTo(maxMicros)), run);
  }

  #upTo(count: number): number {
    return Math.floor(this.#random() * count);
  }
}

/** Why databases end while their disks fail and fill up. */
const OF_DISK: ReadonlySet<string> = new Set([
  'ENGINE_LOG_FAILED',
  'ENGINE_DISK_FULL',
  'LOG_WRITE_FAILED',
  'LOG_DISK_FULL',
  'LOG_READ_FAILED',
]);

const FULL_DISK = /disk is full/;

function isRefusedByFullDisk(result: CallResult | undefined): boolean {
  return result?.kind === 'overloaded' && FULL_DISK.test(result.message);
}

function describe(anomalies: readonly Anomaly[]): string {
  return anomalies.slice(0, 5).map(({ kind, message }) => `${kind}: ${message}`).join('\n'); // prettier-ignore
}

/** The same module to run, and another program to publish. */
function programVersion(version: number): Uint8Array {
  const text = Buffer.from(`version ${version}`);
  return Buffer.concat([PROGRAM, Uint8Array.of(0, text.length + 1, text.length), text]);
}
