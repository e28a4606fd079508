import { expect, test } from 'vitest';
import { NEW_CONFIG_TEXT, parseConfig } from './cli-config.ts';
import type { CliConfig, SavedServer } from './cli-config.ts';
import { editConfig } from './edit-config.ts';

const COMMENTED = `# my own file
default_server = "local" # not the cloud
other_key = 7

# the one here
[[server_configs]]
nickname = "local"
host = "127.0.0.1:3000"
protocol = "http"
ecdsa_public_key = """-----BEGIN PUBLIC KEY-----
host = "no key"
-----END PUBLIC KEY-----"""

# far away
[[server_configs]]
host = "example.com"
protocol = "https"

[unrelated]
default_server = "another"
`;

function edit(text: string, change: (config: CliConfig) => Partial<CliConfig>): string {
  const old = parseConfig(text, 'cli.toml');
  const next = { ...old, ...change(old) };
  const edited = editConfig(text, old, next);
  expect(parseConfig(edited, 'cli.toml')).toEqual(next);
  return edited;
}

const added: SavedServer = { nickname: 'new', host: 'new:1', protocol: 'http', publicKey: undefined, token: undefined };

test('a login is added behind the other keys, and nothing else changes', () => {
  const edited = edit(COMMENTED, () => ({ token: 'a.b.c' }));
  expect(edited).toBe(COMMENTED.replace('other_key = 7\n', 'other_key = 7\nspacetimedb_token = "a.b.c"\n'));
  expect(edit(edited, () => ({ token: undefined }))).toBe(COMMENTED);
});

test('a value is replaced, also one over several lines', () => {
  const edited = edit(COMMENTED, ({ servers }) => ({
    servers: servers.map((server, i) => (i === 0 ? { ...server, publicKey: 'PEM' } : server)),
  }));
  expect(edited).toContain('protocol = "http"\necdsa_public_key = "PEM"\n\n# far away');
});

test('a server is removed with the comment above it', () => {
  const edited = edit(COMMENTED, ({ servers }) => ({ servers: servers.slice(1) }));
  expect(edited).not.toContain('the one here');
  expect(edited).toContain('# my own file');
  expect(edited).toContain('# far away\n[[server_configs]]\nhost = "example.com"');
});

test('a server is added behind the others', () => {
  const edited = edit(NEW_CONFIG_TEXT, ({ servers }) => ({ servers: [...servers, added] }));
  expect(edited).toBe(`${NEW_CONFIG_TEXT}\n[[server_configs]]\nnickname = "new"\nhost = "new:1"\nprotocol = "http"\n`);
});

test('a server without a nickname gets one', () => {
  const edited = edit(COMMENTED, ({ servers }) => ({
    servers: servers.map((server, i) => (i === 1 ? { ...server, nickname: 'far' } : server)),
  }));
  expect(edited).toContain('host = "example.com"\nprotocol = "https"\nnickname = "far"\n');
});

test.each([
  {
    name: 'an inline list',
    text: 'default_server = "x"\nkept = 1\nserver_configs = [{ host = "a:1", protocol = "http" }]\n',
  },
  { name: 'a quoted key', text: '"default_server" = "x"\nkept = 1\n' },
  { name: 'an empty file', text: 'kept = 1' },
])('$name is changed all the same', ({ text }) => {
  const edited = edit(text, ({ servers }) => ({ defaultServer: 'y', servers: [...servers, added] }));
  expect(edited).toContain('kept = 1');
});

test.each([
  { text: 'default_server = ', code: 'CLI_INVALID_CONFIG', message: 'cli.toml is not TOML' },
  { text: 'default_server = 5', code: 'CLI_INVALID_CONFIG', message: 'cli.toml: default_server: expected a text' },
  { text: '[[server_configs]]\nprotocol = "http"', code: 'CLI_INVALID_CONFIG', message: 'server_configs.host' },
  {
    text: '[[server_configs]]\nhost = "a"\nprotocol = "ftp"',
    code: 'CLI_INVALID_CONFIG',
    message: '"http" or "https"',
  },
  { text: 'server_configs = 1', code: 'CLI_INVALID_CONFIG', message: 'a list of tables' },
])('$text is refused', ({ text, code, message }) => {
  expect(() => parseConfig(text, 'cli.toml')).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(message) }),
  );
});
