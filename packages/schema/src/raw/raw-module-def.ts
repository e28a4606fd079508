import { ByteReader, SatsError } from '@lightcone/sats';
import { SchemaError } from '../errors.ts';
import { type RawModuleDefV10, readRawModuleDefV10 } from './raw-v10.ts';
import { type RawModuleDefV8, readRawModuleDefV8 } from './raw-v8.ts';
import { type RawModuleDefV9, readRawModuleDefV9 } from './raw-v9.ts';
import { readVariant } from './read-parts.ts';

/** A module's definition as its bytes have it: nothing is checked but the form. */
export type RawModuleDef = RawModuleDefV8 | RawModuleDefV9 | RawModuleDefV10;

/**
 * Decodes what a module's `__describe_module__` writes. Bytes after the definition are ignored, as
 * the reference does. The result keeps no view of `bytes`.
 *
 * @throws SchemaError `SCHEMA_UNDECODABLE`
 */
export function decodeRawModuleDef(bytes: Uint8Array): RawModuleDef {
  const reader = new ByteReader(bytes);
  try {
    switch (readVariant(reader, 'RawModuleDef', ['V8BackCompat', 'V9', 'V10'])) {
      case 'V8BackCompat':
        return readRawModuleDefV8(reader);
      case 'V9':
        return readRawModuleDefV9(reader);
      case 'V10':
        return readRawModuleDefV10(reader);
    }
  } catch (cause) {
    if (!(cause instanceof SatsError)) throw cause;
    throw new SchemaError('SCHEMA_UNDECODABLE', `error decoding module description: ${cause.message}`, [], { cause });
  }
}
