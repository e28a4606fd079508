export { blobStoreContract } from './blob-store-contract.ts';
export type { BlobStoreContractOptions } from './blob-store-contract.ts';
export { CountingBlobStore } from './counting-blob-store.ts';
export { FaultyBlobStore } from './faulty-blob-store.ts';
export type { BlobFault, BlobOperation } from './faulty-blob-store.ts';
