import { join } from 'node:path';

/** The folder of this package. From source, compiled and bundled: this lies one folder below. */
export const packageFolder: string = join(import.meta.dirname, '..');
