import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * What tells a file from its copies and from itself restored: machine, inode and the inode's birth. A renamed or moved
 * file keeps it; one that is taken for a copy wrongly only gets a new author id, which does no harm.
 */
export function fileIdentity(file: string): string {
  const { ino, birthtimeMs } = statSync(file);
  return createHash('sha256')
    .update(`${hostname()}\n${ino}\n${Math.floor(birthtimeMs)}`)
    .digest('hex')
    .slice(0, 32);
}
