import { ServerError } from './errors.ts';

/**
 * Refuses the folder of one database, in which a server would find none: its log lies in `clog`, as that of a program which
 * embeds it, and those of a server's databases in `replicas/<n>/clog`.
 *
 * @param names what is in the folder at `path`
 * @throws ServerError `SERVER_DATA_DIR_UNUSABLE`
 */
export function refuseEmbedded(path: string, names: readonly string[]): void {
  const isOfServer = names.includes('metadata.toml') || names.includes('control.sqlite');
  if (isOfServer || !names.includes('clog')) return;
  throw new ServerError(
    'SERVER_DATA_DIR_UNUSABLE',
    `${path} is no data directory of a server: the log of one database lies in it, as in the \`dataDir\` of a program that ` +
      'opens it with `Lightcone.open`, and in `replicas/<n>` of a data directory. Choose another folder with --data-dir.',
  );
}
