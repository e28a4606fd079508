/**
 * Whether the bytes of a snapshot are at fault, so that it will never be of use and can be set aside. What else can go
 * wrong, a disk that is not read, memory that is used up, a version that another program reads, says nothing of it: it
 * must not be set aside, as its objects would be removed soon after.
 */
export function isSnapshotDamage(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return DAMAGE.has(code) || code.startsWith('STORE_') || code.startsWith('SATS_');
}

const DAMAGE: ReadonlySet<string> = new Set(['SNAPSHOT_DAMAGED', 'ENGINE_INVALID_SNAPSHOT']);
