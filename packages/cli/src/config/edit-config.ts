import { isDeepStrictEqual } from 'node:util';
import { parse, stringify } from 'smol-toml';
import { parseConfig } from './cli-config.ts';
import type { CliConfig, SavedServer } from './cli-config.ts';

const SERVER_TABLE = /^\s*\[\[\s*server_configs\s*\]\]/;

/**
 * The text of a configuration file, which says `old`, changed to say `next`: comments and keys that we do not know
 * stay. Should the text be written in a way that this does not follow, its comments are lost, but nothing else.
 *
 * One server at a time may be added behind the others, removed, or replaced in its place.
 */
export function editConfig(text: string, old: CliConfig, next: CliConfig): string {
  const edited = editLines(text, old, next);
  try {
    if (isDeepStrictEqual(parseConfig(edited, ''), next)) return edited;
  } catch {
    // It became something else than TOML: a text over several lines looked like keys.
  }
  const document = {
    ...parse(text),
    ...topKeys(next),
    server_configs: next.servers.map((server) => withoutUndefined(serverKeys(server))),
  };
  return stringify(withoutUndefined(document));
}

function editLines(text: string, old: CliConfig, next: CliConfig): string {
  const [top, ...tables] = splitTables(text.trimEnd());
  const blocks = [withKeys(top, topKeys(next))];
  let position = 0;
  for (const table of tables) {
    if (!table.some((line) => SERVER_TABLE.test(line))) {
      blocks.push(table);
      continue;
    }
    const server = successor(old, next, position++);
    if (server !== undefined) blocks.push(withKeys(table, serverKeys(server)));
  }
  for (const server of next.servers.slice(old.servers.length)) {
    blocks.push(withKeys(['', '[[server_configs]]'], serverKeys(server)));
  }
  return `${blocks.flat().join('\n').trim()}\n`;
}

/** What became of the server at a position; undefined if it was removed. */
function successor(old: CliConfig, next: CliConfig, position: number): SavedServer | undefined {
  if (next.servers.length >= old.servers.length) return next.servers[position];
  return next.servers.find((server) => server === old.servers[position]);
}

/** The lines before the first table, then those of each table, which comments right above it belong to. */
function splitTables(text: string): [top: string[], ...tables: string[][]] {
  const top: string[] = [];
  const tables: string[][] = [];
  let block = top;
  for (const line of text.split('\n')) {
    if (/^\s*\[/.test(line)) {
      let commentStart = block.length;
      while (commentStart > 0 && (block[commentStart - 1] ?? '').trimStart().startsWith('#')) commentStart--;
      block = block.splice(commentStart);
      tables.push(block);
    }
    block.push(line);
  }
  return [top, ...tables];
}

/** The lines with keys set, and those removed whose value is undefined. */
function withKeys(lines: readonly string[], values: Readonly<Record<string, string | undefined>>): string[] {
  let result = [...lines];
  for (const [key, value] of Object.entries(values)) result = withKey(result, key, value);
  return result;
}

function withKey(lines: readonly string[], key: string, value: string | undefined): string[] {
  const setting = value === undefined ? [] : [`${key} = ${JSON.stringify(value)}`];
  const at = lines.findIndex((line) => new RegExp(`^\\s*${key}\\s*=`).test(line));
  if (at === -1) {
    const blank = lines.length - lines.findLastIndex((line) => line.trim() !== '') - 1;
    return [...lines.slice(0, lines.length - blank), ...setting, ...lines.slice(lines.length - blank)];
  }
  const end = endOfValue(lines, at);
  if (isValue(lines.slice(at, end).join('\n'), key, value)) return [...lines];
  return [...lines.slice(0, at), ...setting, ...lines.slice(end)];
}

/** Behind the last line of the value that begins in line `at`: it may be a text over several lines. */
function endOfValue(lines: readonly string[], at: number): number {
  const [first = ''] = lines.slice(at);
  const quotes = /=\s*("""|''')/.exec(first)?.[1];
  if (quotes === undefined || first.split(quotes).length > 2) return at + 1;
  const last = lines.findIndex((line, i) => i > at && line.includes(quotes));
  return last === -1 ? at + 1 : last + 1;
}

function isValue(text: string, key: string, value: string | undefined): boolean {
  try {
    return parse(text)[key] === value;
  } catch {
    return false;
  }
}

function topKeys(config: CliConfig): Record<string, string | undefined> {
  return { default_server: config.defaultServer, spacetimedb_token: config.token, listen_addr: config.listenAddress };
}

function serverKeys({ nickname, host, protocol, publicKey, token }: SavedServer): Record<string, string | undefined> {
  return { nickname, host, protocol, ecdsa_public_key: publicKey, spacetimedb_token: token };
}

function withoutUndefined<T>(values: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
