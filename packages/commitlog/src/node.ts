export { isNoSpace } from './no-space.ts';
export { NodeFileSystem } from './node-file-system.ts';
