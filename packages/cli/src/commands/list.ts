import { Command } from 'commander';
import type { CliSession } from '../cli-session.ts';
import { jsonOption, serverOption, yesOption } from '../common-options.ts';
import { mustList, mustMember, mustText } from '../http/json-access.ts';
import { textTable } from '../output/text-table.ts';

interface ListOptions {
  readonly server?: string;
  readonly json?: boolean;
}

export function listCommand(session: CliSession): Command {
  return new Command('list')
    .description('list the databases of the login')
    .addOption(serverOption())
    .addOption(jsonOption())
    .addOption(yesOption())
    .action((options: ListOptions) => runList(session, options));
}

async function runList(session: CliSession, { server, json }: ListOptions): Promise<void> {
  const { terminal } = session;
  const client = await session.connect({ server });
  const self = await session.identityOf(client.token ?? ''); // it is connected with one
  const owned = await client.requestJson('GET', `/v1/identity/${self}/databases`);
  const identities = mustList(mustMember(owned, 'identities')).map(mustText);
  const databases = await Promise.all(
    identities.map(async (identity) => {
      const answer = await client.requestJson('GET', `/v1/database/${identity}/names`);
      return { names: mustList(mustMember(answer, 'names')).map(mustText), identity };
    }),
  );
  if (json === true) {
    terminal.print(JSON.stringify(databases));
    return;
  }
  if (databases.length === 0) {
    terminal.note(`No databases of identity ${self} on ${client.server.name}.`);
    return;
  }
  terminal.note(`Databases of identity ${self} on ${client.server.name}:`);
  terminal.print(
    textTable(
      ['name', 'identity'],
      databases.map(({ names, identity }) => [names.join(', ') || '(unnamed)', identity]),
    ),
  );
}
