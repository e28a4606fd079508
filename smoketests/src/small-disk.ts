import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A disk of a few megabytes, in memory, that can be filled and made larger. Only root can make one; CI is root. */
export class SmallDisk implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'lightcone-small-disk-'));
  readonly isMounted: boolean;

  constructor(megabytes: number) {
    this.isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', this.folder]).status === 0;
  }

  /** Whether a test that needs it is passed over, rather than failed as in CI. */
  get isSkipped(): boolean {
    return !this.isMounted && process.env['LIGHTCONE_REQUIRE_TOOLS'] === undefined;
  }

  resize(megabytes: number): void {
    const { status, stderr } = spawnSync('mount', ['-o', `remount,size=${megabytes}m`, this.folder]);
    if (status !== 0) throw new Error(`the small disk could not be made ${megabytes} MB: ${stderr.toString()}`);
  }

  [Symbol.dispose](): void {
    if (this.isMounted) spawnSync('umount', ['-l', this.folder]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
