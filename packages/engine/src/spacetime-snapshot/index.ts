export { convertSpacetimeSnapshot } from './convert-spacetime-snapshot.ts';
export type { SpacetimeSnapshotManifest } from './manifest.ts';
export type { SpacetimeSnapshotFiles } from './restore-spacetime-snapshot.ts';
