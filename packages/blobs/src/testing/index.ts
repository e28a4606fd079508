export { blobStoreContract } from './blob-store-contract.ts';
export { FaultyBlobStore } from './faulty-blob-store.ts';
export type { BlobFault, BlobOperation } from './faulty-blob-store.ts';
