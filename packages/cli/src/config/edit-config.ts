import { parse, stringify } from 'smol-toml';
import { isDeepStrictEqual } from 'node:util';
import type { CliConfig, SavedServer } from './cli-config.ts';

const SERVER_TABLE = '[[server_configs]]';

/**
 * The text of a configuration file changed from what it says to `config`, with its comments and the keys that we
 * do not know. Should the text be written in a way that this does not follow, comments are lost, never values.
 */
export function editConfig(text: string, config: CliConfig): string {
  const wanted = { ...parse(text), ...documentOf(config, parse(text)) };
  for (const [key, value] of Object.entries(wanted)) if (value === undefined) delete wanted[key];
  const edited = editLines(text, config);
  return isDeepStrictEqual(plain(parseOrUndefined(edited)), plain(wanted)) ? edited : stringify(wanted);
}

function editLines(text: string, config: CliConfig): string {
  const [top, tables] = splitTables(text);
  for (const [key, value] of Object.entries(topKeys(config))) setKey(top, key, value);
  const kept: string[][] = [];
  let last = -1;
  for (const table of tables) {
    if (!isServerTable(table)) {
      kept.push(table);
      continue;
    }
    const old = serverIn(table);
    const server = config.servers.find(({ host, nickname }) => host === old['host'] || nickname === old['nickname']);
    if (server === undefined) continue;
    for (const [key, value] of Object.entries(serverKeys(server))) setKey(table, key, value);
    last = kept.push(table);
  }
  const known = kept.filter(isServerTable).map((table) => serverIn(table)['host']);
  const added = config.servers
    .filter(({ host }) => !known.includes(host))
    .map((server) => {
      const table = ['', SERVER_TABLE];
      for (const [key, value] of Object.entries(serverKeys(server))) setKey(table, key, value);
      return table;
    });
  kept.splice(last === -1 ? kept.length : last, 0, ...added);
  return `${[top, ...kept].flat().join('\n').trim()}\n`;
}

/** The lines before the first table, and those of each table. Comments above a table's head belong to it. */
function splitTables(text: string): [top: string[], tables: string[][]] {
  const blocks: string[][] = [[]];
  for (const line of text.split('\n')) {
    const previous = blocks.at(-1) ?? [];
    if (line.startsWith('[')) {
      let headStart = previous.length;
      while (headStart > 0 && /^\s*(#.*)?$/.test(previous[headStart - 1] ?? '')) headStart--;
      // Comments at the very top are about the file.
      blocks.push(blocks.length === 1 && headStart === 0 ? [line] : [...previous.splice(headStart), line]);
    } else previous.push(line);
  }
  const [top = [], ...tables] = blocks;
  return [top, tables];
}

function isServerTable(table: readonly string[]): boolean {
  return table.some((line) => line.startsWith(SERVER_TABLE));
}

function serverIn(table: readonly string[]): Record<string, unknown> {
  const document = parseOrUndefined(table.join('\n')) as { server_configs?: Record<string, unknown>[] } | undefined;
  return document?.server_configs?.[0] ?? {};
}

/** Sets or removes a key among the lines of one table. A value that goes over several lines is replaced whole. */
function setKey(lines: string[], key: string, value: string | undefined): void {
  const at = lines.findIndex((line) => new RegExp(`^\\s*${key}\\s*=`).test(line));
  const newLines = value === undefined ? [] : [`${key} = ${JSON.stringify(value)}`];
  if (at !== -1) {
    const first = lines[at] ?? '';
    if (parseOrUndefined(first)?.[key] === value) return;
    let count = 1;
    const quotes = /=\s*("""|''')/.exec(first)?.[1];
    if (quotes !== undefined && first.split(quotes).length < 3) {
      while (at + count < lines.length && !(lines[at + count] ?? '').includes(quotes)) count++;
      count++;
    }
    const comment = /"\s*(#[^"]*)$/.exec(first)?.[1];
    if (comment !== undefined && newLines[0] !== undefined) newLines[0] += ` ${comment}`;
    lines.splice(at, count, ...newLines);
    return;
  }
  let end = lines.length;
  while (end > 0 && (lines[end - 1] ?? '').trim() === '') end--;
  lines.splice(end, 0, ...newLines);
}

function parseOrUndefined(text: string): Record<string, unknown> | undefined {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

function topKeys(config: CliConfig): Record<string, string | undefined> {
  return {
    default_server: config.defaultServer,
    spacetimedb_token: config.token,
    listen_addr: config.listenAddress,
  };
}

function serverKeys(server: SavedServer): Record<string, string | undefined> {
  return {
    nickname: server.nickname,
    host: server.host,
    protocol: server.protocol,
    ecdsa_public_key: server.publicKey,
  };
}

function documentOf(config: CliConfig, old: Record<string, unknown>): Record<string, unknown> {
  const oldServers = (old['server_configs'] ?? []) as Record<string, unknown>[];
  const servers = config.servers.map((server) => {
    const before = oldServers.find(({ host, nickname }) => host === server.host || nickname === server.nickname);
    return withoutUndefined({ ...before, ...serverKeys(server) });
  });
  return { ...topKeys(config), ...(servers.length > 0 ? { server_configs: servers } : { server_configs: undefined }) };
}

function withoutUndefined(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

/** Without prototypes and order of keys, so that documents can be compared. */
function plain(document: unknown): unknown {
  return document === undefined ? undefined : (JSON.parse(JSON.stringify(document)) as unknown);
}
