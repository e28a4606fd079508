import { Command } from 'commander';
import type { CliSession } from '../cli-session.ts';
import { isYes, jsonOption, yesOption } from '../common-options.ts';
import type { SavedServer } from '../config/cli-config.ts';
import { CliError } from '../errors.ts';
import { ServerClient } from '../http/server-client.ts';
import { addressOf, findSavedServer, parseServerUrl, urlOf } from '../http/target-server.ts';
import { textTable } from '../output/text-table.ts';
import { clearDataCommand } from './clear-data.ts';

export function serverCommand(session: CliSession): Command {
  return new Command('server')
    .description('manage the saved servers')
    .addCommand(listCommand(session))
    .addCommand(addCommand(session))
    .addCommand(removeCommand(session))
    .addCommand(setDefaultCommand(session))
    .addCommand(editCommand(session))
    .addCommand(fingerprintCommand(session))
    .addCommand(pingCommand(session))
    .addCommand(clearDataCommand(session));
}

function listCommand(session: CliSession): Command {
  return new Command('list')
    .description('list the saved servers')
    .addOption(jsonOption())
    .action(async ({ json }: { readonly json?: boolean }) => {
      const { config } = await session.configFile();
      const rows = config.servers.map((server) => ({ ...server, isDefault: isDefault(server, config.defaultServer) }));
      if (json === true) {
        session.terminal.print(
          JSON.stringify(
            rows.map(({ isDefault: ours, host, protocol, nickname }) => ({ default: ours, host, protocol, nickname })),
          ),
        );
        return;
      }
      session.terminal.print(
        textTable(
          ['DEFAULT', 'HOSTNAME', 'PROTOCOL', 'NICKNAME'],
          rows.map(({ isDefault: ours, host, protocol, nickname }) => [
            ours ? '***' : '',
            host,
            protocol,
            nickname ?? '',
          ]),
        ),
      );
    });
}

function addCommand(session: CliSession): Command {
  return new Command('add')
    .description('save a server')
    .argument('<name>', 'its nickname')
    .requiredOption('--url <url>', 'its address, such as https://example.com')
    .option('-d, --default', 'make it the default server')
    .option('--no-fingerprint', 'do not ask it for its public key')
    .action(async (name: string, options: { url: string; default?: boolean; fingerprint: boolean }) => {
      const file = await session.configFile();
      const url = parseServerUrl(options.url);
      if (file.config.servers.some(({ nickname, host }) => nickname === name || host === url.host)) {
        throw new CliError(
          'CLI_INVALID_ARGUMENT',
          `A server with the nickname ${name} or the host ${url.host} is saved already.`,
          {
            hint: `\`spacetime server edit ${name}\` changes one.`,
          },
        );
      }
      const server: SavedServer = {
        nickname: name,
        ...addressOf(url),
        publicKey: options.fingerprint ? await fetchPublicKey(url.origin) : undefined,
        token: undefined,
      };
      await file.change({
        servers: [...file.config.servers, server],
        defaultServer: options.default === true ? name : file.config.defaultServer,
      });
      session.terminal.print(`Saved server ${name}: ${url.origin}`);
    });
}

function removeCommand(session: CliSession): Command {
  return new Command('remove')
    .description('forget a saved server')
    .argument('<server>', 'nickname or host')
    .action(async (name: string) => {
      const file = await session.configFile();
      const server = findSavedServer(file.config, name);
      if (isDefault(server, file.config.defaultServer)) {
        throw new CliError('CLI_INVALID_ARGUMENT', `${name} is the default server.`, {
          hint: '`spacetime server set-default` chooses another one first.',
        });
      }
      await file.change({ servers: file.config.servers.filter((other) => other !== server) });
      session.terminal.print(`Removed server ${name}.`);
    });
}

function setDefaultCommand(session: CliSession): Command {
  return new Command('set-default')
    .description('choose the server that commands talk to without --server')
    .argument('<server>', 'nickname or host')
    .action(async (name: string) => {
      const file = await session.configFile();
      const server = findSavedServer(file.config, name);
      await file.change({ defaultServer: server.nickname ?? server.host });
      session.terminal.print(`The default server is ${name}.`);
    });
}

function editCommand(session: CliSession): Command {
  return new Command('edit')
    .description('change a saved server')
    .argument('<server>', 'nickname or host')
    .option('--new-name <nickname>', 'its new nickname')
    .option('--url <url>', 'its new address')
    .option('--no-fingerprint', 'do not ask the new address for its public key')
    .addOption(yesOption())
    .action(async (name: string, options: { newName?: string; url?: string; fingerprint: boolean; yes?: string }) => {
      const file = await session.configFile();
      const old = findSavedServer(file.config, name);
      let server: SavedServer = { ...old, nickname: options.newName ?? old.nickname };
      if (options.url !== undefined) {
        const url = parseServerUrl(options.url);
        const publicKey = options.fingerprint ? await fetchPublicKey(url.origin) : undefined;
        // The login goes to the server that issued it, and to no other.
        server = { ...server, ...addressOf(url), publicKey, token: undefined };
      }
      const others = file.config.servers.filter((other) => other !== old);
      if (others.some(({ nickname, host }) => nickname === server.nickname || host === server.host)) {
        throw new CliError('CLI_INVALID_ARGUMENT', 'Another saved server has this nickname or host already.');
      }
      await session.confirm(
        `This changes ${urlOf(old)} to ${server.nickname} at ${urlOf(server)}. Go on?`,
        isYes(options.yes, 'all'),
      );
      await file.change({
        servers: file.config.servers.map((other) => (other === old ? server : other)),
        defaultServer: isDefault(old, file.config.defaultServer)
          ? (server.nickname ?? server.host)
          : file.config.defaultServer,
      });
      session.terminal.print(`Saved server ${server.nickname ?? server.host}: ${urlOf(server)}`);
    });
}

function fingerprintCommand(session: CliSession): Command {
  return new Command('fingerprint')
    .description("compare a server's public key with the saved one")
    .argument('<server>', 'nickname or host')
    .addOption(yesOption())
    .action(async (name: string, { yes }: { readonly yes?: string }) => {
      const file = await session.configFile();
      const server = findSavedServer(file.config, name);
      const publicKey = await fetchPublicKey(urlOf(server));
      if (publicKey === server.publicKey) {
        session.terminal.print(`The public key of ${name} is the saved one.`);
        return;
      }
      session.terminal.print(publicKey);
      if (server.publicKey !== undefined) {
        await session.confirm(`The public key of ${name} has changed. Save the new one?`, isYes(yes, 'all'));
      }
      await file.change({
        servers: file.config.servers.map((other) => (other === server ? { ...other, publicKey } : other)),
      });
      session.terminal.print(`Saved the public key of ${name}.`);
    });
}

function pingCommand(session: CliSession): Command {
  return new Command('ping')
    .description('ask whether a server is there')
    .argument('<server>', 'nickname, host or URL')
    .action(async (name: string) => {
      const client = await session.connectAsNobody(name);
      const { status } = await client.request('GET', '/v1/ping');
      if (!(await client.isServer())) throw client.noServer(`it answered ${status}`);
      if (status !== 200) throw new CliError('CLI_REFUSED', `${client.server.url} answered ${status} to a ping.`);
      session.terminal.print(`Server is online: ${client.server.url}`);
    });
}

async function fetchPublicKey(url: string): Promise<string> {
  const client = new ServerClient({ name: url, url }, undefined);
  const text = (await client.requestOk('GET', '/v1/identity/public-key')).trim();
  if (text.startsWith('-----BEGIN ')) return text;
  throw client.noServer(`expected its public key, found ${JSON.stringify(text.slice(0, 80))}`);
}

function isDefault({ nickname, host }: SavedServer, defaultServer: string): boolean {
  return nickname === defaultServer || host === defaultServer;
}
