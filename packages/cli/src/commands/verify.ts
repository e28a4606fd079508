import type { Salvage } from '@lightcone/server/verify';
import { Command } from 'commander';
import type { CliSession } from '../cli-session.ts';
import { jsonOption } from '../common-options.ts';
import { CliError } from '../errors.ts';
import { formatDirectoryReport, formatSalvage } from '../output/directory-report.ts';

interface VerifyOptions {
  readonly json?: boolean;
  readonly salvage?: string;
  readonly jwtKeyDir?: string;
}

export function verifyCommand(session: CliSession): Command {
  return new Command('verify')
    .description('check a data directory that no server has open, and say what is wrong and what can be saved')
    .argument('[data-dir]', 'the data directory (default: that of `start`)')
    .option('--jwt-key-dir <folder>', 'where the key pair id_ecdsa, id_ecdsa.pub is kept')
    .option('--salvage <folder>', 'write a new data directory with everything that is good; the old one stays as it is')
    .addOption(jsonOption())
    .action((dataDir: string | undefined, options: VerifyOptions) => runVerify(session, dataDir, options));
}

async function runVerify({ terminal, paths }: CliSession, dataDir: string | undefined, options: VerifyOptions) {
  const path = dataDir ?? paths.dataFolder;
  // Loaded only here: the other commands need nothing of it, and start faster without.
  const { isSound, listGivenFolder, salvageDataDirectory, verifyDataDirectory } =
    await import('@lightcone/server/verify');
  if (options.jwtKeyDir !== undefined) {
    // Without keys nothing is wrong with a data directory, so that a wrong folder would be said to be sound.
    const expected = 'the folder of --jwt-key-dir, with the key pair id_ecdsa and id_ecdsa.pub';
    const names = await listGivenFolder(options.jwtKeyDir, expected, 'SERVER_KEYS_UNUSABLE');
    if (!names.includes('id_ecdsa') && !names.includes('id_ecdsa.pub')) {
      throw new CliError('CLI_NOT_FOUND', `${options.jwtKeyDir} has no keys in it: expected ${expected}.`);
    }
  }
  const report = await verifyDataDirectory(path, { keyDir: options.jwtKeyDir ?? paths.keyFolder });
  const salvage = options.salvage === undefined ? undefined : await salvageDataDirectory(report, options.salvage);
  if (options.json === true) {
    terminal.print(JSON.stringify({ isSound: isSound(report), ...report, salvage }, withoutPrograms, 2));
  } else {
    terminal.print(formatDirectoryReport(report));
    if (salvage !== undefined) terminal.print(formatSalvage(salvage, options.salvage ?? ''));
  }
  if (isSound(report)) return;
  if (salvage !== undefined) {
    if (isComplete(salvage)) return;
    throw new CliError('CLI_REFUSED', `Not everything of ${path} could be saved: what is lost stands above.`);
  }
  throw new CliError('CLI_REFUSED', `${path} is damaged.`, {
    hint: `\`spacetime verify ${path} --salvage <new folder>\` writes what is good of it to a new data directory.`,
  });
}

/**
 * Whether all that ever was in the log is there, as what is damaged may be in a snapshot, too; and the rest is as it was.
 */
function isComplete({ databases, lost, notes }: Salvage): boolean {
  const isWhole = databases.every(({ endTxOffset, oldEndTxOffset }) => endTxOffset >= oldEndTxOffset);
  return isWhole && lost.length === 0 && notes.length === 0;
}

/** Programs are said by their hash and length. */
function withoutPrograms(_: string, value: unknown): unknown {
  return value instanceof Uint8Array ? value.length : value;
}
