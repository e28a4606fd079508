/** Whether the platform had no room for what was to be written: on the disk, or of what the user of the process may have. */
export function isNoSpace(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}
