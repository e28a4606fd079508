import type { CliConfig, SavedServer } from '../config/cli-config.ts';
import { CliError } from '../errors.ts';

/** The server that a command talks to. */
export interface TargetServer {
  /** As the person calls it: a nickname, or else the address. */
  readonly name: string;
  /** `http://host:port`, without a slash at the end. */
  readonly url: string;
}

/**
 * Finds the server that `--server` means: a URL, a saved nickname or a saved host. Without it, the default one.
 *
 * @throws CliError `CLI_NOT_FOUND`
 */
export function findTarget(config: CliConfig, option: string | undefined): TargetServer {
  const wanted = option ?? config.defaultServer;
  if (wanted.includes('://')) return { name: wanted, url: parseServerUrl(wanted).origin };
  const saved = findSavedServer(config, wanted);
  return { name: saved.nickname ?? saved.host, url: urlOf(saved) };
}

/** @throws CliError `CLI_NOT_FOUND` */
export function findSavedServer(config: CliConfig, nameOrHost: string): SavedServer {
  const host = nameOrHost.includes('://') ? parseServerUrl(nameOrHost).host : nameOrHost;
  const found =
    config.servers.find((server) => server.nickname === nameOrHost) ??
    config.servers.find((server) => server.host === host);
  if (found !== undefined) return found;
  const names = config.servers.map((server) => server.nickname ?? server.host);
  throw new CliError('CLI_NOT_FOUND', `No such saved server configuration: ${nameOrHost}`, {
    hint: `Saved are: ${names.join(', ') || 'none'}. Give an address such as http://127.0.0.1:3000, or \`spacetime server add\`.`,
  });
}

/** The saved server at a URL, if there is one. */
export function findServerAt(config: CliConfig, url: string): SavedServer | undefined {
  return config.servers.find((server) => urlOf(server) === url);
}

export function urlOf({ protocol, host }: SavedServer): string {
  return `${protocol}://${host}`;
}

/** What is saved of a server's address. */
export function addressOf(url: URL): { readonly host: string; readonly protocol: 'http' | 'https' } {
  return { host: url.host, protocol: url.protocol === 'https:' ? 'https' : 'http' };
}

/** @throws CliError `CLI_INVALID_ARGUMENT` */
export function parseServerUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new CliError('CLI_INVALID_ARGUMENT', `${JSON.stringify(text)} is not a server's address`, {
      hint: 'An address looks like http://127.0.0.1:3000 or https://example.com.',
    });
  }
  return url;
}

/** Whether the server is on this machine. */
export function isLocal({ url }: TargetServer): boolean {
  return ['localhost', '127.0.0.1', '[::1]'].includes(new URL(url).hostname);
}
