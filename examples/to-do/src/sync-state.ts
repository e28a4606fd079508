/** What the worker says about its sync. */
export interface SyncState {
  readonly state: 'stopped' | 'idle' | 'syncing';
  readonly error: string | undefined;
}
