import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { type CachedState, Recorder, TABLES, randomCall } from '@lightcone/histories';
import { SUBPROTOCOLS } from '@lightcone/protocol';
import { checkHistory } from '@lightcone/serializability';
import { HistoryHttp } from './history-http.ts';
import { HistorySocket } from './history-socket.ts';
import { newPerson, type Person, request } from './http.ts';
import { modulePath } from './modules.ts';
import { ServerProcess } from './server-process.ts';

const DATABASE = 'histories';
/** Little, so that a campaign has many segments and snapshots, and much is removed. */
const CONFIG = '[commitlog]\nmax-segment-size = 50000\n[snapshots]\nevery-transactions = 100\n';
const KEYS_PER_LIFE = 3;
const CALLS_IN_FLIGHT = 4;
const MAX_CALLS_PER_LIFE = 80;
const MAX_START_MS = 700;
const MAX_LOAD_MS = 250;
const program = readFileSync(modulePath('histories'));

export interface KillReport {
  readonly seed: number;
  readonly kills: number;
  /** What the server was doing when it was killed. */
  readonly killsDuring: Readonly<Record<Moment, number>>;
  readonly transactions: number;
  readonly confirmed: number;
}

type Moment = 'start' | 'publish' | 'update' | 'load';

/**
 * Kills a server again and again, whatever it is doing, while clients of every protocol call it, and looks after
 * every start at what is there. At the end the whole history has to make sense.
 *
 * What is random but for the time that things take follows from the seed: a run cannot be repeated exactly.
 * @throws Error what is wrong
 */
export class KillCampaign implements AsyncDisposable {
  readonly #seed: number;
  readonly #random: () => number;
  readonly #server: ServerProcess;
  readonly #recorder = new Recorder(() => performance.now());
  readonly #killsDuring: Record<Moment, number> = { start: 0, publish: 0, update: 0, load: 0 };
  #owner: Person | undefined;
  #isPublished = false;
  #nextTransaction = 1;

  private constructor(seed: number, random: () => number, server: ServerProcess) {
    this.#seed = seed;
    this.#random = random;
    this.#server = server;
  }

  /** @param random from 0 to below 1 */
  static async run(seed: number, random: () => number, kills: number): Promise<KillReport> {
    await using campaign = new KillCampaign(seed, random, ServerProcess.prepare({ config: CONFIG }));
    try {
      return await campaign.#run(kills);
    } catch (error) {
      throw new Error(`seed ${seed}, life ${campaign.#recorder.life}: ${(error as Error).message}`, { cause: error });
    }
  }

  async #run(kills: number): Promise<KillReport> {
    const recorder = this.#recorder;
    for (; recorder.life < kills; recorder.life++) this.#killsDuring[await this.#liveAndDie()]++;
    await this.#server.restart();
    const survivors = await this.#audit();
    const keys = Array.from({ length: (kills + 1) * KEYS_PER_LIFE }, (_, key) => key);
    recorder.read(survivors.reads(keys), 'what is there in the end', true, performance.now());
    mustBeSerializable(recorder, survivors, kills);
    return {
      seed: this.#seed,
      kills,
      killsDuring: this.#killsDuring,
      transactions: survivors.outcomes.size,
      confirmed: recorder.confirmedCount,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }

  /** One life of the server. @returns what it did when it was killed */
  async #liveAndDie(): Promise<Moment> {
    const server = this.#server;
    if (this.#upTo(6) === 0) {
      const starting = server.restart();
      const killed = starting.catch(() => {});
      await wait(this.#upTo(MAX_START_MS));
      await server.kill();
      await killed;
      return 'start';
    }
    await server.restart();
    this.#owner ??= await newPerson(server);
    if (!this.#isPublished) {
      const isKilled = this.#upTo(2) === 0;
      const publishing = this.#publish(0);
      if (isKilled) {
        await wait(this.#upTo(MAX_LOAD_MS));
        await server.kill();
      }
      const status = await publishing;
      if (status !== undefined && status !== 200) throw new Error(`publishing ended with ${status}`);
      this.#isPublished = status === 200;
      if (isKilled) return 'publish';
    }
    await this.#audit();
    return this.#load();
  }

  /** Lets clients work for some time, and perhaps an owner update the module, until the server is killed. */
  async #load(): Promise<Moment> {
    const { life } = this.#recorder;
    const keys = Array.from({ length: KEYS_PER_LIFE }, (_, i) => life * KEYS_PER_LIFE + i);
    const unconfirmed = this.#upTo(SUBPROTOCOLS.length + 1);
    const sockets = await Promise.all(SUBPROTOCOLS.map((_, i) => this.#client(i, i !== unconfirmed, keys)));
    const http = new HistoryHttp(this.#server, DATABASE, this.#recorder);
    let isOver = false;
    const loops = [
      (async () => {
        while (!isOver) await http.call(this.#nextCall(keys));
      })(),
      (async () => {
        while (!isOver) await http.readList(keys[this.#upTo(keys.length)] ?? 0);
      })(),
    ];
    const isUpdating = this.#upTo(4) === 0;
    const updating = isUpdating ? this.#publish(life + 1) : undefined;
    await wait(this.#upTo(MAX_LOAD_MS));
    isOver = true;
    await this.#server.kill();
    await Promise.all([...loops, ...sockets.map(({ ended }) => ended)]);
    const status = await updating;
    if (status !== undefined && status !== 200) throw new Error(`the update ended with ${status}`);
    const errors = [...http.errors, ...sockets.flatMap(({ connection }) => connection.errors)];
    const unexpected = errors.filter((error) => !(isUpdating && /the module was updated/.test(error)));
    if (unexpected.length > 0) throw new Error(unexpected.join('; '));
    return isUpdating && status === undefined ? 'update' : 'load';
  }

  async #client(i: number, isConfirmed: boolean, keys: readonly number[]): Promise<HistorySocket> {
    const protocol = SUBPROTOCOLS[i]!; // of the index
    const recorder = this.#recorder;
    let calls = 0;
    const work = ({ connection, isOpen }: HistorySocket): void => {
      while (isOpen && connection.pendingCalls < CALLS_IN_FLIGHT && calls < MAX_CALLS_PER_LIFE) {
        calls++;
        connection.call(this.#nextCall(keys));
      }
    };
    const session = `${protocol} in life ${recorder.life}`;
    const options = { protocol, session, isConfirmed, recorder, keys, recordEvery: 5 };
    const client = await HistorySocket.open(this.#server, DATABASE, options, work);
    client.connection.subscribe(false);
    work(client);
    return client;
  }

  /** Reads everything in one transaction, as a client that has just come. */
  async #audit(): Promise<CachedState> {
    const { recorder, ...rest } = { recorder: this.#recorder, protocol: 'v2.bsatn.spacetimedb' as const };
    const invokedAt = performance.now();
    const { promise: applied, resolve } = Promise.withResolvers<void>();
    const first = Math.max(0, recorder.life - 1) * KEYS_PER_LIFE;
    const keys = Array.from({ length: 2 * KEYS_PER_LIFE }, (_, i) => first + i);
    const session = `the audit of life ${recorder.life}`;
    const options = { ...rest, session, isConfirmed: true, recorder, keys };
    const client = await HistorySocket.open(this.#server, DATABASE, options, ({ connection }) => {
      if (connection.isSubscribed) resolve();
    });
    client.connection.subscribe(true);
    await Promise.race([applied, client.ended]);
    if (!client.connection.isSubscribed) throw new Error(`the audit of ${TABLES.join(', ')} ended without an answer`);
    recorder.read(client.connection.state.reads(keys), session, true, invokedAt);
    recorder.mustKeep(client.connection.state, invokedAt);
    await client.close();
    return client.connection.state;
  }

  /** @returns the status of the answer; undefined if there was none */
  async #publish(version: number): Promise<number | undefined> {
    const body = version === 0 ? program : withCustomSection(program, `version ${version}`);
    try {
      const { token } = this.#owner!; // made by the first life
      const response = await request(this.#server, 'PUT', `/v1/database/${DATABASE}`, { body, token });
      await response.text();
      return response.status;
    } catch {
      return undefined;
    }
  }

  #nextCall(keys: readonly number[]): ReturnType<typeof randomCall> {
    const transaction = this.#nextTransaction;
    this.#nextTransaction += 2;
    return randomCall({ random: this.#random, keys, transaction, maxLaterMicros: 20_000 });
  }

  #upTo(count: number): number {
    return Math.floor(this.#random() * count);
  }
}

function mustBeSerializable(recorder: Recorder, survivors: CachedState, lives: number): void {
  const histories = [recorder.durableHistory(survivors)];
  for (let life = 0; life < lives; life++) histories.push(recorder.historyOfLife(life, survivors));
  const anomalies = histories.flatMap(checkHistory);
  if (anomalies.length === 0) return;
  throw new Error(anomalies.slice(0, 5).map(({ kind, message }) => `${kind}: ${message}`).join('\n')); // prettier-ignore
}

/** The same module to run, and another program to publish. */
function withCustomSection(module: Uint8Array, name: string): Uint8Array {
  const text = Buffer.from(name);
  return Buffer.concat([module, Uint8Array.of(0, text.length + 1, text.length), text]);
}
