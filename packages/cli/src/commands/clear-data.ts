import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { parse } from 'smol-toml';
import type { CliSession } from '../cli-session.ts';
import { isYes, yesOption } from '../common-options.ts';
import { CliError } from '../errors.ts';

interface ClearOptions {
  readonly dataDir?: string;
  readonly yes?: string;
}

/** `spacetime server clear` */
export function clearDataCommand(session: CliSession): Command {
  return new Command('clear')
    .description('delete all data of the server that `start` runs on this machine')
    .option('--data-dir <folder>', 'its data directory')
    .addOption(yesOption())
    .action((options: ClearOptions) => clearData(session, options));
}

async function clearData(session: CliSession, { dataDir, yes }: ClearOptions): Promise<void> {
  const folder = dataDir ?? session.paths.dataFolder;
  if (!(await isDataDirectory(folder))) {
    throw new CliError(
      'CLI_REFUSED',
      `${folder} is no data directory of Lightcone: its metadata.toml does not say so.`,
      {
        hint: 'Look what is in it, and delete it yourself if it is of no use.',
      },
    );
  }
  const pid = await runningServer(folder);
  if (pid !== undefined) {
    throw new CliError('CLI_REFUSED', `A server (process ${pid}) uses ${folder}.`, { hint: 'Stop it first.' });
  }
  // Where the disk was full, the file with the process id may be empty: the lock is what counts.
  const { refuseRunning } = await import('@lightcone/server/verify');
  await refuseRunning(folder);
  await session.confirm(`This deletes ${folder} with all databases in it. Go on?`, isYes(yes, 'delete-data'));
  await rm(folder, { recursive: true, force: true });
  session.terminal.print(`Deleted ${folder}.`);
}

/** A slip in the path must not cost anything else, nor the data of SpacetimeDB, which is kept in the same place. */
async function isDataDirectory(folder: string): Promise<boolean> {
  const text = await readFile(join(folder, 'metadata.toml'), 'utf8').catch(() => '');
  try {
    return parse(text)['edition'] === 'lightcone';
  } catch {
    return false;
  }
}

/** The process that has a data directory in use, if it lives. */
async function runningServer(folder: string): Promise<number | undefined> {
  const text = await readFile(join(folder, 'spacetime.pid'), 'utf8').catch(() => '');
  const pid = Number.parseInt(text, 10);
  if (!(pid > 0)) return undefined;
  try {
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    // Somebody else's process lives, too.
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? pid : undefined;
  }
}
