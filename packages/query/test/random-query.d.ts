import { fc } from '@fast-check/vitest';
import { type AlgebraicValue, ByteWriter } from '@lightcone/sats';
import type { TableShape } from './memory-database.ts';
/** A row as decoded values, in column order. */
export type Values = readonly AlgebraicValue[];
/** A condition as SQL, and what it should say of a row: worked out on decoded values, without any code under test. */
export interface Condition {
  readonly sql: string;
  holds(row: Values): boolean;
}
export declare const sender: Uint8Array;
export declare const shape: TableShape;
export declare const row: fc.Arbitrary<Values>;
export declare const condition: fc.Arbitrary<Condition>;
/** The row's BSATN. */
export declare function encodeRow(
  encode: (writer: ByteWriter, value: AlgebraicValue) => void,
  values: Values,
): Uint8Array;
//# sourceMappingURL=random-query.d.ts.map
