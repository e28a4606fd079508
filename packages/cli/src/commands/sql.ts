import { Command, Option } from 'commander';
import type { CliSession } from '../cli-session.ts';
import {
  anonymousOption,
  confirmedOption,
  jsonOption,
  noConfigOption,
  serverOption,
  yesOption,
} from '../common-options.ts';
import { formatSqlAnswer } from '../output/sql-answer.ts';

interface SqlOptions {
  readonly server?: string;
  readonly anonymous?: boolean;
  readonly confirmed?: string;
  readonly format: 'text' | 'json';
  readonly json?: boolean;
}

export function sqlCommand(session: CliSession): Command {
  return new Command('sql')
    .description('run one SQL statement')
    .argument('<database>', 'name or identity')
    .argument('<query>', 'the statement')
    .addOption(serverOption())
    .addOption(anonymousOption())
    .addOption(confirmedOption())
    .addOption(new Option('--format <format>', 'how to print the rows').choices(['text', 'json']).default('text'))
    .addOption(jsonOption())
    .addOption(yesOption())
    .addOption(noConfigOption())
    .action((database: string, query: string, options: SqlOptions) => runSql(session, database, query, options));
}

async function runSql(session: CliSession, database: string, query: string, options: SqlOptions): Promise<void> {
  const client = await session.connect(options);
  const { identity } = await session.resolveDatabase(client, database);
  const text = await client.requestOk('POST', `/v1/database/${identity}/sql`, {
    body: query,
    query: { confirmed: options.confirmed },
  });
  if (options.json === true || options.format === 'json') {
    session.terminal.print(text);
    return;
  }
  for (const { table, changes } of formatSqlAnswer(client.mustJson(text))) {
    if (table !== undefined) session.terminal.print(table);
    if (changes !== '') session.terminal.note(changes);
  }
}
