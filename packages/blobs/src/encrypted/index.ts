export { AgeBlobStore } from './age-blob-store.ts';
export type { AgeIdentities, AgeKeys, AgePassphrase } from './age-keys.ts';
export { changeKeys } from './data-key.ts';
export { EncryptedBlobStore } from './encrypted-blob-store.ts';
