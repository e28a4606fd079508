import { parseTimestamp } from '@lightcone/sats';
import { Command } from 'commander';
import type { RestoreTarget } from '@lightcone/server/copies';
import type { CliSession } from '../cli-session.ts';
import { CliError } from '../errors.ts';

interface RestoreOptions {
  readonly database?: string;
  readonly copy?: string;
  readonly toOffset?: string;
  readonly toTime?: string;
  readonly dataDir: string;
  readonly replace?: boolean;
}

export function restoreCommand(session: CliSession): Command {
  return new Command('restore')
    .description('bring databases back from an archive or backups, as they were at any transaction or moment')
    .argument('<archive>', 's3://bucket/prefix or a folder: what `start --archive` or backups were given')
    .requiredOption('--data-dir <folder>', 'a new data directory, or that of a server which does not run')
    .option('--database <name|identity>', 'one database; all of them unless given')
    .option('--copy <id>', 'from one copy or backup; the newest that reaches back far enough unless given')
    .option('--to-offset <n>', 'up to a transaction, that one included')
    .option('--replace', 'put a database in the place of the same one in the data directory')
    .option('--to-time <time>', 'up to a moment, such as 2026-11-26T21:15:00Z')
    .action((archive: string, options: RestoreOptions) => runRestore(session, archive, options));
}

async function runRestore({ terminal }: CliSession, archive: string, options: RestoreOptions): Promise<void> {
  const { database, copy, dataDir, replace = false } = options;
  const target = targetOf(options);
  // Loaded only here: the other commands need nothing of it, and start faster without.
  const { openCopies, restore } = await import('@lightcone/server/copies');
  const restored = await restore({
    store: await openCopies(archive, terminal.environment),
    ...(database === undefined ? {} : { database }),
    ...(copy === undefined ? {} : { copyId: copy }),
    target,
    dataDir,
    replace,
    onDatabase: ({ identity, names }, id) => terminal.note(`Restoring ${names[0] ?? identity} from ${id}`),
    onLeftOut: ({ identity, names }) => terminal.note(`Left out ${names[0] ?? identity}: it was not there yet`),
  }).catch((cause: unknown) => {
    if (isDamage(cause)) throw damaged(archive, cause);
    throw isMissing(cause) ? new CliError('CLI_NOT_FOUND', `${archive}: ${cause.message}`, { cause }) : cause;
  });
  for (const { description, lastTxOffset, tables, lostNames, formerFolder } of restored) {
    const rows = tables.reduce((sum, table) => sum + table.rows, 0);
    const content = `${tables.length} tables with ${rows} rows`;
    terminal.print(
      `Restored ${description.names[0] ?? description.identity} up to transaction ${lastTxOffset}: ${content}`,
    );
    for (const name of lostNames) {
      terminal.print(`  without the name ${name}, which another database has. Its identity: ${description.identity}`);
    }
    if (formerFolder !== undefined) {
      terminal.print(`  What it was before is in ${formerFolder}: remove it when you no longer need it`);
    }
  }
  terminal.print(`Checked, and written to ${dataDir}. Start it with: spacetime start --data-dir ${dataDir}`);
}

function isDamage(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).endsWith('_DAMAGED');
}

function isMissing(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && error.code === 'SERVER_COPY_MISSING';
}

/** Nobody but who restores can say that an older state will do. */
function damaged(archive: string, cause: Error): CliError {
  return new CliError('CLI_REFUSED', `the copy is damaged: ${cause.message}`, {
    cause,
    hint: `Nothing was restored. \`--copy <id>\` takes another copy, which may be older. They are in ${archive}, each as <identity of the database>/<id>.`,
  });
}

function targetOf({ toOffset, toTime }: RestoreOptions): RestoreTarget {
  if (toOffset !== undefined && toTime !== undefined) {
    throw new CliError('CLI_INVALID_ARGUMENT', '--to-offset and --to-time cannot be given together');
  }
  if (toOffset !== undefined) {
    const txOffset = /^\d{1,15}$/u.test(toOffset) ? Number(toOffset) : undefined;
    if (txOffset !== undefined) return { kind: 'offset', txOffset };
    throw new CliError('CLI_INVALID_ARGUMENT', `--to-offset ${JSON.stringify(toOffset)}: expected a whole number`);
  }
  if (toTime === undefined) return { kind: 'latest' };
  try {
    return { kind: 'time', micros: Number(parseTimestamp(toTime)) };
  } catch (cause) {
    // A time without a zone would mean something else on every machine.
    const expected =
      'expected a moment with its time zone, such as 2026-11-26T21:15:00Z or 2026-11-26T22:15:00.25+01:00';
    throw new CliError('CLI_INVALID_ARGUMENT', `--to-time ${JSON.stringify(toTime)}: ${expected}`, { cause });
  }
}
