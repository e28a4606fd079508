import { formatJson } from '@lightcone/sats';
import type { JsonValue } from '@lightcone/sats';
import { Command } from 'commander';
import type { CliSession } from '../cli-session.ts';
import { jsonOption, noConfigOption, serverOption, yesOption } from '../common-options.ts';
import { CliError } from '../errors.ts';
import { mustList, mustMember, mustText } from '../http/json-access.ts';
import { textTable } from '../output/text-table.ts';
import { restoreCommand } from './restore.ts';

interface ServerOptions {
  readonly server?: string;
  readonly json?: boolean;
}

interface VerifyOptions {
  readonly database?: string;
}

/** `create` and `list` ask a server, which keeps backups where its operator said; the others read them there. */
export function backupCommand(session: CliSession): Command {
  return new Command('backup')
    .description('make backups of databases, check them, and bring databases back from them')
    .addCommand(
      new Command('create')
        .description('back a database up, as it is now; transactions go on meanwhile')
        .argument('<database>', 'name or identity')
        .addOption(serverOption())
        .addOption(jsonOption())
        .addOption(yesOption())
        .addOption(noConfigOption())
        .action((database: string, options: ServerOptions) => runCreate(session, database, options)),
    )
    .addCommand(
      new Command('list')
        .description('list the backups of a database')
        .argument('<database>', 'name or identity')
        .addOption(serverOption())
        .addOption(jsonOption())
        .addOption(yesOption())
        .addOption(noConfigOption())
        .action((database: string, options: ServerOptions) => runList(session, database, options)),
    )
    .addCommand(
      new Command('verify')
        .description('read archives and backups whole, and say whether they are what they were')
        .argument('<location>', 's3://bucket/prefix or a folder: what `start --archive` or backups were given')
        .option('--database <name|identity>', 'those of one database')
        .action((location: string, options: VerifyOptions) => runVerify(session, location, options)),
    )
    .addCommand(restoreCommand(session));
}

async function runCreate(session: CliSession, database: string, { server, json }: ServerOptions): Promise<void> {
  const client = await session.connect({ server });
  const { name, identity } = await session.resolveDatabase(client, database);
  const backup = await client.requestJson('POST', `/v1/database/${identity}/backups`);
  if (json === true) session.terminal.print(JSON.stringify(backup));
  else {
    const { id, lastTxOffset, bytes } = readBackup(backup);
    session.terminal.print(`Backed up ${name} up to transaction ${lastTxOffset}: ${id}, ${bytes} bytes`);
  }
}

async function runList(session: CliSession, database: string, { server, json }: ServerOptions): Promise<void> {
  const { terminal } = session;
  const client = await session.connect({ server });
  const { name, identity } = await session.resolveDatabase(client, database);
  const answer = await client.requestJson('GET', `/v1/database/${identity}/backups`);
  const backups = mustList(mustMember(answer, 'backups'));
  if (json === true) terminal.print(JSON.stringify(backups));
  else if (backups.length === 0) terminal.note(`No backups of ${name}.`);
  else {
    const rows = backups.map(readBackup).map((one) => [one.id, one.finishedAt, one.lastTxOffset, one.bytes]);
    terminal.print(textTable(['id', 'finished', 'last transaction', 'bytes'], rows));
  }
}

async function runVerify({ terminal }: CliSession, location: string, { database }: VerifyOptions): Promise<void> {
  // Loaded only here: the other commands need nothing of it, and start faster without.
  const { openCopies, verifyCopies } = await import('@lightcone/server/copies');
  const store = await openCopies(location, terminal.environment);
  let total = 0;
  let damaged = 0;
  for await (const { name, id, content, problems } of verifyCopies(store, database)) {
    total++;
    if (problems.length > 0) damaged++;
    terminal.print(
      [problems.length === 0 ? 'good' : 'DAMAGED', name, id, ...(content === undefined ? [] : [content])].join('  '),
    );
    for (const problem of problems) terminal.print(`  ${problem}`);
  }
  if (total === 0) {
    const whose = database === undefined ? '' : ` of ${database}`;
    throw new CliError('CLI_NOT_FOUND', `There is no archive and no backup${whose} in ${location}.`);
  }
  if (damaged === 0) return;
  throw new CliError('CLI_REFUSED', `Damaged archives and backups in ${location}: ${damaged} of ${total}.`, {
    hint:
      '`spacetime restore` brings a database back from another one with `--copy <id>`. An archive is begun anew when its ' +
      'server is stopped, the folder <identity of the database>/<id> moved away, and the server started again.',
  });
}

function readBackup(json: JsonValue): Record<'id' | 'finishedAt' | 'lastTxOffset' | 'bytes', string> {
  return {
    id: mustText(mustMember(json, 'id')),
    finishedAt: mustText(mustMember(json, 'finished_at')),
    lastTxOffset: formatJson(mustMember(json, 'last_tx_offset')),
    bytes: formatJson(mustMember(json, 'bytes')),
  };
}
