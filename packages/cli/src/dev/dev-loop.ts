import { readFile } from 'node:fs/promises';
import { buildModule } from '../build/build-module.ts';
import type { ModuleLanguage } from '../build/module-language.ts';
import type { CliSession } from '../cli-session.ts';
import { type PublishTerms, publishProgram, publishedText } from '../commands/publish-program.ts';
import { followLog } from '../http/followed-log.ts';
import type { ServerClient } from '../http/server-client.ts';
import { LogRecord } from '../output/log-record.ts';
import { printError } from '../output/print-error.ts';
import { ChangeRunner } from './change-runner.ts';
import { SourceWatcher } from './source-watcher.ts';

/** Editors save in several steps, and several files at once. */
const QUIET_MS = 50;

/**
 * Builds a module and publishes it, again after each change of its sources, and prints the database's log. What goes
 * wrong is told, and the next change is another try.
 */
export class DevLoop {
  readonly #session: CliSession;
  readonly #client: ServerClient;
  readonly #database: string;
  readonly #folder: string;
  readonly #language: ModuleLanguage;
  readonly #terms: PublishTerms;
  #published: Buffer | undefined;
  #isFollowing = false;
  readonly #stop = new AbortController();

  constructor(
    session: CliSession,
    client: ServerClient,
    database: string,
    folder: string,
    language: ModuleLanguage,
    terms: PublishTerms,
  ) {
    this.#session = session;
    this.#client = client;
    this.#database = database;
    this.#folder = folder;
    this.#language = language;
    this.#terms = terms;
  }

  /** Goes on until it is stopped. */
  async run(): Promise<void> {
    const { terminal } = this.#session;
    const runner = new ChangeRunner(() => this.#cycle(), QUIET_MS);
    const { outputFolders, lockFiles } = this.#language;
    using _watcher = new SourceWatcher(this.#folder, [...outputFolders, ...lockFiles], () => runner.noteChange());
    runner.noteChange();
    await terminal.untilStopped();
    this.#stop.abort();
    await runner.stop();
  }

  async #cycle(): Promise<void> {
    const { terminal } = this.#session;
    const startMs = performance.now();
    try {
      const wasm = await buildModule(this.#language, this.#folder, terminal, { isDebug: false });
      const program = await readFile(wasm);
      if (this.#published?.equals(program) === true) {
        terminal.note('The module is as it was.');
        return;
      }
      const published = await publishProgram(this.#session, this.#client, this.#database, program, this.#terms);
      this.#published = program;
      const seconds = ((performance.now() - startMs) / 1000).toFixed(2);
      terminal.note(`${publishedText(published)} (${seconds} s)`);
      if (!this.#isFollowing) void this.#follow(published.identity);
    } catch (error) {
      printError(terminal, error);
    } finally {
      if (!this.#stop.signal.aborted) terminal.note('Watching for changes; Ctrl-C ends this.');
    }
  }

  /** Prints the log, from what the first publish logged on. */
  async #follow(identity: string): Promise<void> {
    const { terminal } = this.#session;
    this.#isFollowing = true;
    try {
      const options = { query: { num_lines: '10', follow: 'true' }, signal: this.#stop.signal };
      const note = (text: string): void => terminal.note(text);
      for await (const line of followLog(this.#client, `/v1/database/${identity}/logs`, options, note)) {
        terminal.print(LogRecord.parse(line)?.format() ?? line);
      }
    } catch (error) {
      if (!this.#stop.signal.aborted) printError(terminal, error);
    } finally {
      this.#isFollowing = false;
    }
  }
}
