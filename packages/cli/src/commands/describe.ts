import { Command } from 'commander';
import type { CliSession } from '../cli-session.ts';
import { anonymousOption, jsonOption, noConfigOption, serverOption, yesOption } from '../common-options.ts';
import { CliError } from '../errors.ts';
import { ModuleDescription } from '../module-description.ts';
import { prettyJson } from '../output/pretty-json.ts';
import { similarNames } from '../similar-names.ts';

interface DescribeOptions {
  readonly server?: string;
  readonly anonymous?: boolean;
}

const KINDS = { table: 'Table', reducer: 'Reducer', procedure: 'Procedure', view: 'View' } as const;

export function describeCommand(session: CliSession): Command {
  return new Command('describe')
    .description('print the definition of a database, or of one table or function, as JSON')
    .argument('<database>', 'name or identity')
    .argument('[kind]', `${Object.keys(KINDS).join(', ')}`)
    .argument('[name]', 'of the table or function')
    .addOption(jsonOption())
    .addOption(serverOption())
    .addOption(anonymousOption())
    .addOption(yesOption())
    .addOption(noConfigOption())
    .action((database: string, kind: string | undefined, name: string | undefined, options: DescribeOptions) =>
      runDescribe(session, database, kind, name, options),
    );
}

async function runDescribe(
  session: CliSession,
  databaseName: string,
  kind: string | undefined,
  name: string | undefined,
  options: DescribeOptions,
): Promise<void> {
  const known = Object.entries(KINDS).find(([key]) => key === kind)?.[1];
  if (kind !== undefined && (known === undefined || name === undefined)) {
    throw new CliError('CLI_INVALID_ARGUMENT', `expected one of ${Object.keys(KINDS).join(', ')} and a name`);
  }
  const client = await session.connect(options);
  const { identity } = await session.resolveDatabase(client, databaseName);
  const document = await client.requestJson('GET', `/v1/database/${identity}/schema`, { query: { version: '10' } });
  if (known === undefined || name === undefined) {
    session.terminal.print(prettyJson(document));
    return;
  }
  const module = new ModuleDescription(document);
  const element = module.findElement(known, name);
  if (element === undefined) {
    const [similar] = similarNames(name, module.names(known));
    throw new CliError('CLI_NOT_FOUND', `database \`${databaseName}\` has no ${kind} \`${name}\``, {
      hint: similar === undefined ? undefined : `Did you mean \`${similar}\`?`,
    });
  }
  session.terminal.print(prettyJson(element));
}
