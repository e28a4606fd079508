import { expect } from 'vitest';
import { Cli } from './cli.ts';
import { call, newPerson, type Person, request, rows } from './http.ts';
import { ModuleClient, type RemoteModule } from './module-client.ts';
import { modulePath } from './modules.ts';
import { ServerProcess, type ServerOptions } from './server-process.ts';

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly function?: string;
}

/** A server with one database, which its owner has published at the command line. */
export class PublishedModule implements AsyncDisposable {
  readonly server: ServerProcess;
  readonly database: string;
  readonly owner: Person;
  /** The owner's command line. */
  readonly cli: Cli;
  readonly #clients: ModuleClient<RemoteModule>[] = [];

  private constructor(server: ServerProcess, database: string, owner: Person, cli: Cli) {
    this.server = server;
    this.database = database;
    this.owner = owner;
    this.cli = cli;
  }

  /** @param module names the module, and the database */
  static async start(module: string, folder = module, options: ServerOptions = {}): Promise<PublishedModule> {
    const server = await ServerProcess.start(options);
    try {
      const owner = await newPerson(server);
      const cli = new Cli(server, 'owner');
      await cli.login(owner.token);
      await cli.succeed('publish', module, '--bin-path', modulePath(module, folder), '--yes');
      return new PublishedModule(server, module, owner, cli);
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Another user with the official client, who leaves at the end. */
  async connect<Module extends RemoteModule>(module: Module, token?: string): Promise<ModuleClient<Module>> {
    const client = await ModuleClient.connect(this.server, this.database, module, token);
    this.#clients.push(client as unknown as ModuleClient<RemoteModule>);
    return client;
  }

  /** Calls a reducer as the owner; it has to succeed. */
  async run(reducer: string, ...args: readonly unknown[]): Promise<void> {
    const response = await call(this.server, this.database, reducer, args, this.owner.token);
    expect(response.status, await response.text()).toBe(200);
  }

  /** Calls a reducer as the owner; it has to fail. @returns what it said */
  async fail(reducer: string, ...args: readonly unknown[]): Promise<string> {
    const response = await call(this.server, this.database, reducer, args, this.owner.token);
    expect(response.status).toBe(530);
    return response.text();
  }

  /** Calls a procedure as the owner. @returns its value as JSON */
  async ask(procedure: string, ...args: readonly unknown[]): Promise<unknown> {
    const response = await call(this.server, this.database, procedure, args, this.owner.token);
    const answer = await response.text();
    expect(response.status, answer).toBe(200);
    return JSON.parse(answer);
  }

  /** The rows of a query, with the owner's rights or those of `token`. */
  rows(query: string, token = this.owner.token): Promise<unknown[][]> {
    return rows(this.server, this.database, query, token);
  }

  /** The module's log, oldest first. */
  async logs(): Promise<LogLine[]> {
    const path = `/v1/database/${this.database}/logs`;
    const response = await request(this.server, 'GET', path, { token: this.owner.token });
    const lines = (await response.text()).split('\n').filter((line) => line !== '');
    return lines.map((line) => JSON.parse(line) as LogLine);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client[Symbol.dispose]();
    await this.server[Symbol.asyncDispose]();
  }
}
