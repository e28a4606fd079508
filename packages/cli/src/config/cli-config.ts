import { parse } from 'smol-toml';
import type { TomlTable, TomlValue } from 'smol-toml';
import { CliError } from '../errors.ts';

/** What `cli.toml` says. Keys that we do not know stay in the file and are not here. */
export interface CliConfig {
  readonly defaultServer: string;
  /** The login: the token that is sent to servers that have none of their own. */
  readonly token: string | undefined;
  /** Where `spacetime start` listens. */
  readonly listenAddress: string | undefined;
  readonly servers: readonly SavedServer[];
}

export interface SavedServer {
  readonly nickname: string | undefined;
  /** Host and port. */
  readonly host: string;
  readonly protocol: 'http' | 'https';
  /** PEM of the key that the server signs its logins with. */
  readonly publicKey: string | undefined;
  /** A login for this server only, which refused the general one. */
  readonly token: string | undefined;
}

/** The file of somebody who has none yet. */
export const NEW_CONFIG_TEXT = `default_server = "local"

[[server_configs]]
nickname = "local"
host = "127.0.0.1:3000"
protocol = "http"
`;

/** @throws CliError `CLI_INVALID_CONFIG` naming file and key */
export function parseConfig(text: string, path: string): CliConfig {
  let document: TomlTable;
  try {
    document = parse(text);
  } catch (cause) {
    throw new CliError('CLI_INVALID_CONFIG', `${path} is not TOML: ${cause instanceof Error ? cause.message : ''}`, {
      cause,
    });
  }
  const servers = document['server_configs'] ?? [];
  if (!Array.isArray(servers)) throw invalid(path, 'server_configs', 'a list of tables');
  return {
    defaultServer: textOf(document, 'default_server', path) ?? 'local',
    token: textOf(document, 'spacetimedb_token', path),
    listenAddress: textOf(document, 'listen_addr', path),
    servers: servers.map((server) => readServer(server, path)),
  };
}

function readServer(value: TomlValue, path: string): SavedServer {
  if (!isTable(value)) throw invalid(path, 'server_configs', 'a list of tables');
  const host = textOf(value, 'host', path);
  const protocol = textOf(value, 'protocol', path);
  if (host === undefined) throw invalid(path, 'server_configs.host', 'a host and port');
  if (protocol !== 'http' && protocol !== 'https') throw invalid(path, 'server_configs.protocol', '"http" or "https"');
  return {
    nickname: textOf(value, 'nickname', path),
    host,
    protocol,
    publicKey: textOf(value, 'ecdsa_public_key', path),
    token: textOf(value, 'spacetimedb_token', path),
  };
}

function textOf(table: TomlTable, key: string, path: string): string | undefined {
  const value = table[key];
  if (value !== undefined && typeof value !== 'string') throw invalid(path, key, 'a text');
  return value;
}

function isTable(value: TomlValue): value is TomlTable {
  return typeof value === 'object' && !Array.isArray(value) && !(value instanceof Date);
}

function invalid(path: string, key: string, expected: string): CliError {
  return new CliError('CLI_INVALID_CONFIG', `${path}: ${key}: expected ${expected}`);
}
