export { FolderBlobStore } from './folder-blob-store.ts';
export { openBlobStore } from './open-blob-store.ts';
