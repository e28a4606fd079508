import { existsSync, mkdtempSync, rmSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Cli } from './cli.ts';
import { call, newPerson, publish, rows, type Person } from './http.ts';
import { ServerProcess } from './server-process.ts';

const DATABASE = 'people';
/** The archive is at work all the time, and much of what it has is removed here. */
const CONFIG =
  '[archive]\ninterval = "20ms"\n[commitlog]\nmax-segment-size = 20000\n[snapshots]\nevery-transactions = 60\nkeep = 1\n';
const CLIENTS = 8;
const MAX_START_MS = 600;
const MAX_CALLS_PER_LIFE = 150;
const MAX_LOAD_MS = 100;

export interface ArchiveKillReport {
  readonly seed: number;
  readonly kills: number;
  readonly confirmed: number;
  /** The last transaction in the archive in the end. */
  readonly lastTxOffset: number;
  /** Copies that were begun: one goes on over all kills. */
  readonly copies: number;
}

/**
 * Kills a server again and again while it copies its log and snapshots to an archive, and brings the database back from
 * there after each kill: to the last transaction that is there, or to one before. What comes back has to be the
 * beginning of what was committed.
 *
 * @throws Error what is wrong
 */
export class ArchiveKillCampaign implements AsyncDisposable {
  readonly #location: string;
  readonly #random: () => number;
  readonly #server: ServerProcess;
  readonly #cli: Cli;
  readonly #folder = mkdtempSync(join(tmpdir(), 'lightcone-archive-kills-'));
  readonly #confirmed: string[] = [];
  readonly #copies = new Set<string>();
  #owner: Person | undefined;
  /** What was brought back, each time. */
  readonly #restored: (readonly string[])[] = [];
  #next = 0;
  #lastTxOffset = -1;

  private constructor(location: string, env: Readonly<Record<string, string>>, random: () => number) {
    this.#location = location;
    this.#random = random;
    this.#server = ServerProcess.prepare({ config: CONFIG, args: ['--archive', location], env });
    this.#cli = new Cli(this.#server, 'operator', env);
  }

  /**
   * @param location of the archive, where nothing is
   * @param env how it is reached
   * @param random from 0 to below 1
   */
  static async run(
    location: string,
    env: Readonly<Record<string, string>>,
    seed: number,
    random: () => number,
    kills: number,
  ): Promise<ArchiveKillReport> {
    await using campaign = new ArchiveKillCampaign(location, env, random);
    let life = 0;
    try {
      for (; life < kills; life++) {
        await campaign.#liveAndDie();
        await campaign.#restore(life);
      }
      await campaign.#endInOrder();
    } catch (error) {
      throw new Error(`seed ${seed}, life ${life}: ${(error as Error).message}`, { cause: error });
    }
    const { length: confirmed } = campaign.#confirmed;
    return { seed, kills, confirmed, lastTxOffset: campaign.#lastTxOffset, copies: campaign.#copies.size };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #liveAndDie(): Promise<void> {
    const server = this.#server;
    if (this.#owner !== undefined && this.#upTo(5) === 0) {
      const starting = server.restart().catch(() => {});
      await wait(this.#upTo(MAX_START_MS));
      await server.kill();
      await starting;
      return;
    }
    await server.restart();
    if (this.#owner === undefined) {
      this.#owner = await newPerson(server);
      await publish(server, DATABASE, 'person', this.#owner.token);
    }
    let isOver = false;
    const clients = Array.from({ length: CLIENTS }, async () => {
      while (!isOver) await this.#add();
    });
    const enough = this.#confirmed.length + this.#upTo(MAX_CALLS_PER_LIFE);
    while (this.#confirmed.length < enough) await wait(1);
    await this.#aim();
    await server.kill();
    isOver = true;
    await Promise.all(clients);
  }

  /** Waits for a random moment, or, where it can be seen, for one at which the archive is being written. */
  async #aim(): Promise<void> {
    await wait(this.#upTo(MAX_LOAD_MS));
    if (!existsSync(this.#location) || this.#upTo(4) === 0) return;
    let events = this.#upTo(8);
    const { promise, resolve } = Promise.withResolvers<void>();
    const watcher = watch(this.#location, { recursive: true }, () => {
      if (events-- === 0) resolve();
    });
    await promise;
    watcher.close();
  }

  async #add(): Promise<void> {
    const name = `person ${this.#next++}`;
    try {
      const answer = await call(this.#server, DATABASE, 'add', [name, 36]);
      await answer.text();
      if (answer.status === 200) this.#confirmed.push(name);
    } catch {
      await wait(5); // it was killed meanwhile
    }
  }

  /** Brings back what is in the archive, if there is something. */
  async #restore(life: number): Promise<void> {
    const last = await this.#restoreTo(`life-${life}`);
    if (last === undefined) {
      // Until the first copy is there; what was there once stays.
      if (this.#lastTxOffset >= 0) throw new Error('there is nothing in the archive any more');
      return;
    }
    if (last.txOffset < this.#lastTxOffset) {
      throw new Error(`the archive had transaction ${this.#lastTxOffset}, and now ends with ${last.txOffset}`);
    }
    this.#lastTxOffset = last.txOffset;
    const isEarlier = this.#upTo(2) === 0;
    const chosen = isEarlier ? await this.#restoreTo(`life-${life}-earlier`, this.#upTo(last.txOffset + 1)) : last;
    if (chosen !== undefined) this.#restored.push(await this.#rowsIn(chosen.folder));
  }

  /** A stop brings the rest there, whatever kills have left behind. */
  async #endInOrder(): Promise<void> {
    await this.#server.restart();
    const there = await this.#rowsOf(this.#server);
    for (const name of this.#confirmed)
      if (!there.includes(name)) throw new Error(`${name} was confirmed, and is lost`);
    await this.#server.stop();
    const last = await this.#restoreTo('end');
    if (last === undefined) throw new Error('there is nothing in the archive');
    const archived = await this.#rowsIn(last.folder);
    if (archived.length !== there.length) throw new Error(`the archive has ${archived.length} of ${there.length} rows`);
    for (const restored of [...this.#restored, archived]) mustBegin(there, restored);
    this.#lastTxOffset = last.txOffset;
  }

  /** @returns undefined if there is nothing yet */
  async #restoreTo(
    name: string,
    txOffset?: number,
  ): Promise<{ readonly folder: string; readonly txOffset: number } | undefined> {
    const folder = join(this.#folder, name);
    const target = txOffset === undefined ? [] : ['--to-offset', String(txOffset)];
    const database = txOffset === undefined ? [] : ['--database', DATABASE];
    const args = ['restore', this.#location, '--data-dir', join(folder, 'data'), ...database, ...target];
    const { exitCode, stdout, stderr } = await this.#cli.runAlone(...args);
    const copy = /from (archive-\S+)/.exec(stderr)?.[1];
    if (copy !== undefined) this.#copies.add(copy);
    const last = /up to transaction (\d+)/.exec(stdout)?.[1];
    if (exitCode === 0 && last !== undefined) return { folder, txOffset: Number(last) };
    const isMissing = /there is no copy of|was not there yet|archive is not there/.test(stderr);
    if (isMissing) return undefined;
    throw new Error(`spacetime ${args.join(' ')} ended with ${exitCode}:\n${stdout}${stderr}`);
  }

  /** What a server says that is started with what was brought back. */
  async #rowsIn(folder: string): Promise<string[]> {
    await using server = await ServerProcess.start({ dataDir: folder });
    return await this.#rowsOf(server);
  }

  async #rowsOf(server: ServerProcess): Promise<string[]> {
    const select = (): Promise<unknown[][]> => rows(server, DATABASE, 'SELECT id, name FROM person');
    // A connection that the one before left behind fails at first.
    const people = await select().catch(select);
    return people.toSorted(([a], [b]) => Number(a) - Number(b)).map(([, name]) => String(name));
  }

  #upTo(count: number): number {
    return Math.floor(this.#random() * count);
  }
}

function mustBegin(all: readonly string[], beginning: readonly string[]): void {
  const different = beginning.findIndex((name, i) => name !== all[i]);
  if (different === -1) return;
  throw new Error(`${beginning[different]} was brought back as number ${different}, which was ${all[different]}`);
}
