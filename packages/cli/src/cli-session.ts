import { Identity } from '@lightcone/sats';
import { cliPaths } from './config/cli-paths.ts';
import type { CliPaths, PathOptions } from './config/cli-paths.ts';
import type { CliConfig, SavedServer } from './config/cli-config.ts';
import { ConfigFile } from './config/config-file.ts';
import { CliError } from './errors.ts';
import { mustMember, mustText } from './http/json-access.ts';
import { ServerClient } from './http/server-client.ts';
import { addressOf, findServerAt, findTarget, isLocal, parseServerUrl } from './http/target-server.ts';
import type { TargetServer } from './http/target-server.ts';
import { identityOfToken } from './login-token.ts';
import { NO_PROJECT, readProjectConfig } from './project/project-config.ts';
import type { ProjectConfig } from './project/project-config.ts';
import type { Terminal } from './terminal.ts';

/** What a server answers to a login that it does not know. */
const UNAUTHORIZED = 401;

/** Options that say in whose name a command talks, and to whom. */
export interface ConnectOptions {
  readonly server?: string | undefined;
  readonly anonymous?: boolean | undefined;
}

/** Options that say which files of a project count. */
export interface ProjectOptions {
  readonly config: boolean;
  readonly env?: string | undefined;
}

/** A database as the server knows it. */
export interface ResolvedDatabase {
  /** As the person called it. */
  readonly name: string;
  /** 64 hex digits. */
  readonly identity: string;
}

/** One run of the command line: its terminal, its files, and the way to servers. */
export class CliSession {
  readonly terminal: Terminal;
  readonly #pathOptions: () => PathOptions;
  #config: Promise<ConfigFile> | undefined;

  /** @param pathOptions known only when the arguments have been read */
  constructor(terminal: Terminal, pathOptions: () => PathOptions) {
    this.terminal = terminal;
    this.#pathOptions = pathOptions;
  }

  get paths(): CliPaths {
    return cliPaths(this.terminal, this.#pathOptions());
  }

  /** What `spacetime.json` says, unless that is not to be read. @throws CliError `CLI_INVALID_CONFIG` */
  project({ config, env }: ProjectOptions, folder: string = this.terminal.workingFolder): ProjectConfig {
    return config ? readProjectConfig(folder, env) : NO_PROJECT;
  }

  configFile(): Promise<ConfigFile> {
    return (this.#config ??= ConfigFile.read(this.paths.configFile));
  }

  async target(server: string | undefined): Promise<TargetServer> {
    const { config } = await this.configFile();
    return findTarget(config, server);
  }

  /** A client without a login. */
  async connectAsNobody(server: string | undefined): Promise<ServerClient> {
    return new ServerClient(await this.target(server), undefined);
  }

  /**
   * A client with the login that the server accepts. Without one, the server issues it; so does a server on this
   * machine that refuses the saved one, which some other server issued.
   */
  async connect({ server, anonymous }: ConnectOptions): Promise<ServerClient> {
    const target = await this.target(server);
    if (anonymous === true) return new ServerClient(target, undefined);
    const { config } = await this.configFile();
    // Another server may have been at the same address before: then the general login is the right one again.
    const saved = [findServerAt(config, target.url)?.token, config.token].filter((token) => token !== undefined);
    for (const token of saved) {
      const client = new ServerClient(target, token);
      if (!isLocal(target) || (await client.request('GET', '/v1/ping')).status !== UNAUTHORIZED) return client;
    }
    if (saved.length > 0) {
      this.terminal.note(`${target.name} does not accept the saved login, so it issues one of its own.`);
    }
    return new ServerClient(target, await this.issueLogin(target));
  }

  /**
   * Lets a server issue a login and saves it: as the general one, or beside it for this server only, since a login that
   * a server issued cannot be had again.
   * @returns the token
   */
  async issueLogin(target: TargetServer): Promise<string> {
    const answer = await new ServerClient(target, undefined).requestJson('POST', '/v1/identity');
    const token = mustText(mustMember(answer, 'token'));
    const identity = mustText(mustMember(answer, 'identity'));
    const file = await this.configFile();
    const isFirst = file.config.token === undefined;
    await file.change(isFirst ? { token } : { servers: withLogin(file.config, target, token) });
    const scope = isFirst ? '' : ' for this server';
    this.terminal.note(`Logged in with identity ${identity}, issued by ${target.name}; saved${scope} in ${file.path}`);
    return token;
  }

  /** The saved general login. @throws CliError `CLI_NOT_FOUND` if there is none */
  async login(): Promise<{ identity: string; token: string }> {
    const { config } = await this.configFile();
    if (config.token === undefined) {
      throw new CliError('CLI_NOT_FOUND', 'You are not logged in.', { hint: 'Run `spacetime login` to log in.' });
    }
    return { identity: await this.identityOf(config.token), token: config.token };
  }

  /** Whom a saved token stands for. @throws CliError `CLI_INVALID_CONFIG` */
  async identityOf(token: string): Promise<string> {
    const identity = identityOfToken(token);
    if (identity !== undefined) return identity;
    const { path } = await this.configFile();
    throw new CliError('CLI_INVALID_CONFIG', `${path}: spacetimedb_token is not a login token`, {
      hint: 'Run `spacetime logout`, then log in again.',
    });
  }

  /** Finds a database by its name or identity. @throws CliError `CLI_NOT_FOUND` */
  async resolveDatabase(client: ServerClient, nameOrIdentity: string): Promise<ResolvedDatabase> {
    if (isIdentity(nameOrIdentity)) {
      return { name: nameOrIdentity, identity: Identity.fromHex(nameOrIdentity).toHex() };
    }
    const answer = await client.request('GET', `/v1/database/${encodeURIComponent(nameOrIdentity)}/identity`);
    if (answer.status === 404) {
      // In the words of a server, or else of anything that knows no such path.
      const isSaid = answer.text.trim() === `\`${nameOrIdentity}\` not found`;
      if (!isSaid && !(await client.isServer())) throw client.noServer('it answered 404');
      throw new CliError('CLI_NOT_FOUND', `failed to find database \`${nameOrIdentity}\`.`, {
        hint: `\`spacetime list\` shows your databases on ${client.server.name}.`,
      });
    }
    if (answer.status !== 200) throw await client.refusal(answer);
    const identity = answer.text.trim();
    if (!isIdentity(identity)) {
      throw client.noServer(
        `expected the identity of \`${nameOrIdentity}\`, found ${JSON.stringify(identity.slice(0, 80))}`,
      );
    }
    return { name: nameOrIdentity, identity };
  }

  /** Asks a yes-or-no question. @throws CliError `CLI_ABORTED` unless the answer is yes */
  async confirm(question: string, isAssumed: boolean): Promise<void> {
    if (isAssumed) {
      this.terminal.note(`${question} Skipping confirmation due to --yes`);
      return;
    }
    const answer = (await this.terminal.ask(`${question} [y/N] `)).trim().toLowerCase();
    if (answer !== 'y' && answer !== 'yes') {
      throw new CliError('CLI_ABORTED', 'Aborted', {
        hint: 'Nothing was done. --yes answers the question beforehand.',
      });
    }
  }
}

/** The saved servers, of which the one at the target's address has this login. */
function withLogin(config: CliConfig, { url }: TargetServer, token: string): SavedServer[] {
  const known = findServerAt(config, url);
  if (known !== undefined) return config.servers.map((server) => (server === known ? { ...known, token } : server));
  return [...config.servers, { nickname: undefined, ...addressOf(parseServerUrl(url)), publicKey: undefined, token }];
}

export function isIdentity(text: string): boolean {
  return /^(?:0x)?[0-9a-f]{64}$/iu.test(text);
}
