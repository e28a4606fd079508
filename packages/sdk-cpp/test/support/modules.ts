import { fileURLToPath } from 'node:url';

/** A module of the tests, kept beside its source. */
export function testModule(name: string): string {
  return fileURLToPath(new URL(`../modules/${name}.wasm`, import.meta.url));
}

/** An example of the repository. */
export function exampleModule(name: string): string {
  return fileURLToPath(new URL(`../../../../modules/${name}/${name}.wasm`, import.meta.url));
}
