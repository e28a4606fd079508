import { Command, InvalidArgumentError } from 'commander';
import type { CliSession } from '../cli-session.ts';
import { jsonOption } from '../common-options.ts';
import { formatImportReport } from '../output/import-report.ts';

interface ImportOptions {
  readonly dataDir?: string;
  readonly name?: ReadonlyMap<string, readonly string[]>;
  readonly salvage?: boolean;
  readonly json?: boolean;
}

export function importCommand(session: CliSession): Command {
  return new Command('import')
    .description('make a data directory of one of SpacetimeDB 2.x, which stays as it is')
    .argument('<data-dir>', 'the data directory of SpacetimeDB, whose server is stopped')
    .option('--data-dir <folder>', 'where to write (default: where `start` looks); must not be there, or be empty')
    .option('--name <identity=name>', 'a name for a database; may be given again', readName)
    .option('--salvage', 'take over what is good of damaged databases, rather than nothing at all')
    .addOption(jsonOption())
    .action((source: string, options: ImportOptions) => runImport(session, source, options));
}

async function runImport({ terminal, paths }: CliSession, source: string, options: ImportOptions): Promise<void> {
  const target = options.dataDir ?? paths.dataFolder;
  // Loaded only here: the other commands need nothing of it, and start faster without.
  const { importDataDirectory } = await import('@lightcone/server/import');
  const report = await importDataDirectory(source, target, {
    ...(options.name !== undefined && { names: options.name }),
    salvages: options.salvage === true,
  });
  terminal.print(options.json === true ? JSON.stringify(report, undefined, 2) : formatImportReport(report, target));
}

function readName(
  text: string,
  names: ReadonlyMap<string, readonly string[]> = new Map(),
): ReadonlyMap<string, readonly string[]> {
  const [, identity, name] = /^(?:0x)?([0-9a-f]{64})=(.+)$/iu.exec(text) ?? [];
  if (identity === undefined || name === undefined) {
    throw new InvalidArgumentError('expected an identity of 64 hex digits, "=", and a name.');
  }
  const key = identity.toLowerCase();
  return new Map([...names, [key, [...(names.get(key) ?? []), name]]]);
}
