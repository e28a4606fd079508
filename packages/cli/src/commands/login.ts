import { Command, Option } from 'commander';
import type { CliSession } from '../cli-session.ts';
import { CliError } from '../errors.ts';
import { claimsOfToken, identityOfToken } from '../login-token.ts';

interface LoginOptions {
  readonly token?: string | true;
  readonly serverIssuedLogin?: string;
}

export function loginCommand(session: CliSession): Command {
  return (
    new Command('login')
      .description('get a login from a server, or save one')
      // The value may be missing because the parser gives the `--token` of `login show --token` to `login`.
      .option('--token [token]', 'save this token as the login')
      .option('--server-issued-login <server>', 'let this server issue the login (without it: the default server)')
      .addOption(new Option('--no-browser', 'no login here opens one').hideHelp())
      .action((options: LoginOptions) => runLogin(session, options))
      .addCommand(showCommand(session))
  );
}

export function logoutCommand(session: CliSession): Command {
  return new Command('logout').description('forget every saved login').action(async () => {
    const file = await session.configFile();
    const { token, servers } = file.config;
    if (token === undefined && servers.every((server) => server.token === undefined)) {
      session.terminal.print('You were not logged in.');
      return;
    }
    await file.change({ token: undefined, servers: servers.map((server) => ({ ...server, token: undefined })) });
    session.terminal.print('Logged out.');
  });
}

function showCommand(session: CliSession): Command {
  return new Command('show')
    .description('print who the login is')
    .option('--token', 'print the token too')
    .action(async (_options: object, command: Command) => {
      const { config } = await session.configFile();
      const { identity, token } = await session.login();
      const logins = [{ where: '', identity, token }];
      for (const server of config.servers) {
        if (server.token === undefined) continue;
        const where = ` on ${server.nickname ?? server.host}`;
        logins.push({ where, identity: await session.identityOf(server.token), token: server.token });
      }
      const isTokenWanted = command.optsWithGlobals<LoginOptions>().token !== undefined;
      for (const login of logins) {
        session.terminal.print(`You are logged in${login.where} as ${login.identity}`);
        if (isTokenWanted) session.terminal.print(`Your auth token (don't share this!) is ${login.token}`);
      }
    });
}

async function runLogin(session: CliSession, { token, serverIssuedLogin }: LoginOptions): Promise<void> {
  const file = await session.configFile();
  if (token === true) throw new CliError('CLI_INVALID_ARGUMENT', '--token: expected the token behind it');
  if (token !== undefined) {
    // What it was is not said: it may be a secret, and terminals are recorded.
    if (claimsOfToken(token) === undefined) {
      throw new CliError(
        'CLI_INVALID_ARGUMENT',
        '--token: expected a JSON Web Token, and this is none. Nothing was saved.',
        {
          hint: 'A token is three parts with dots between them; `spacetime login show --token` prints the one that is saved.',
        },
      );
    }
    await file.change({ token });
    const identity = identityOfToken(token);
    session.terminal.print(identity === undefined ? 'Token saved.' : `Logged in with identity ${identity}`);
    return;
  }
  // A login that a server issued cannot be had again: it must not be lost by a word too few.
  if (serverIssuedLogin === undefined && file.config.token !== undefined) {
    throw new CliError('CLI_INVALID_ARGUMENT', 'You are logged in already.', {
      hint: '`spacetime login show --token` prints the login, `spacetime logout` forgets it.',
    });
  }
  const target = await session.target(serverIssuedLogin);
  await session.issueLogin(target);
  session.terminal.note(`This login works for ${target.name} only.`);
}
