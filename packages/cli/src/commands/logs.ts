import { Command, InvalidArgumentError, Option } from 'commander';
import type { CliSession } from '../cli-session.ts';
import { noConfigOption, serverOption, yesOption } from '../common-options.ts';
import { followLog } from '../http/followed-log.ts';
import { LOG_LEVELS, LogRecord } from '../output/log-record.ts';
import type { LogLevel } from '../output/log-record.ts';

/** What `--follow` shows of the past unless told. */
const FOLLOW_LINES = '10';

interface LogsOptions {
  readonly server?: string;
  readonly numLines?: string;
  readonly follow?: boolean;
  readonly format: 'text' | 'json';
  readonly level?: LogLevel;
  readonly levelExact?: boolean;
}

export function logsCommand(session: CliSession): Command {
  return new Command('logs')
    .description('print the log of a database')
    .argument('<database>', 'name or identity')
    .addOption(serverOption())
    .addOption(new Option('-n, --num-lines <count>', 'only the last lines').argParser(parseCount))
    .option('-f, --follow', 'go on with new lines as they come')
    .addOption(new Option('--format <format>', 'how to print').choices(['text', 'json']).default('text'))
    .addOption(new Option('-l, --level <level>', 'only this level and more serious ones').choices(LOG_LEVELS))
    .option('--level-exact', 'only the level itself')
    .addOption(yesOption())
    .addOption(noConfigOption())
    .action((database: string, options: LogsOptions) => runLogs(session, database, options));
}

async function runLogs(session: CliSession, database: string, options: LogsOptions): Promise<void> {
  const client = await session.connect(options);
  const { identity } = await session.resolveDatabase(client, database);
  const follow = options.follow === true;
  const path = `/v1/database/${identity}/logs`;
  const query = { num_lines: options.numLines ?? (follow ? FOLLOW_LINES : undefined), follow: String(follow) };
  const lines = follow
    ? followLog(client, path, { query }, (text) => session.terminal.note(text))
    : client.lines(path, { query });
  for await (const line of lines) {
    const record = LogRecord.parse(line);
    if (record !== undefined && !isWanted(record, options)) continue;
    session.terminal.print(record === undefined || options.format === 'json' ? line : record.format());
  }
}

function isWanted(record: LogRecord, { level, levelExact }: LogsOptions): boolean {
  if (level === undefined) return true;
  const wanted = LOG_LEVELS.indexOf(level);
  return levelExact === true ? record.severity === wanted : record.severity >= wanted;
}

function parseCount(text: string): string {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('expected a whole number.');
  return text;
}
