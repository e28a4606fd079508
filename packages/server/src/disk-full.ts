import { isNoSpace } from '@lightcone/commitlog/node';
import { isSqliteFull } from './control/sqlite-failure.ts';

/** Whether there was no room for what was to be written, whoever was to write it. */
export function isDiskFull(error: unknown): boolean {
  return isSqliteFull(error) || isNoSpace(error);
}
