import { formatJson } from '@lightcone/sats';
import type { ModuleDef } from '../module-def.ts';
import { documentV10 } from './document-v10.ts';
import { documentV9 } from './document-v9.ts';

/** The JSON that `GET …/schema?version=…` answers, from which clients generate their bindings. */
export function schemaDocument(module: ModuleDef, version: 9 | 10): string {
  return formatJson(version === 9 ? documentV9(module) : documentV10(module));
}
