import { Command } from 'commander';
import type { CliSession } from '../cli-session.ts';
import { isYes, noConfigOption, serverOption, yesOption } from '../common-options.ts';

interface DeleteOptions {
  readonly server?: string;
  readonly yes?: string;
}

export function deleteCommand(session: CliSession): Command {
  return new Command('delete')
    .description('delete a database and all its data')
    .argument('<database>', 'name or identity')
    .addOption(serverOption())
    .addOption(yesOption())
    .addOption(noConfigOption())
    .action((database: string, options: DeleteOptions) => runDelete(session, database, options));
}

async function runDelete(session: CliSession, database: string, { server, yes }: DeleteOptions): Promise<void> {
  const client = await session.connect({ server });
  const { name, identity } = await session.resolveDatabase(client, database);
  await session.confirm(
    `This deletes the database ${name} (${identity}) on ${client.server.name}, with all its data. Go on?`,
    isYes(yes, 'delete-data'),
  );
  await client.requestOk('DELETE', `/v1/database/${identity}`);
  session.terminal.print(`Deleted database with name: ${name}, identity: ${identity}`);
}
