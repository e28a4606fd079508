import { ServerError } from './errors.ts';

/**
 * Refuses the folder of a database that a program embeds, in which a server would find no databases: the segments of its
 * log lie beside each other in the folder itself, those of a server's databases in `replicas/<n>/clog`.
 *
 * @param names what is in the folder at `path`
 * @throws ServerError `SERVER_DATA_DIR_UNUSABLE`
 */
export function refuseEmbedded(path: string, names: readonly string[]): void {
  if (names.includes('metadata.toml') || !names.some((name) => /^\d{20}\.stdb\.log$/u.test(name))) return;
  throw new ServerError(
    'SERVER_DATA_DIR_UNUSABLE',
    `${path} is no data directory of a server: the log of one database lies in it, as in the \`dataDir\` of a program that ` +
      'opens it with `Lightcone.open`. It is for that program alone; choose another folder with --data-dir.',
  );
}
