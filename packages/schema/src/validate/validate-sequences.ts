import type { AlgebraicType } from '@lightcone/sats';
import type { SequenceDef } from '../module-def.ts';
import { sequenceName } from '../names/generated-names.ts';
import type { RawSequenceDef } from '../raw/raw-parts.ts';
import { typeText } from '../typespace/type-text.ts';
import type { TableScope } from './table-scope.ts';

/** What a sequence counts by when the module does not say. */
const DEFAULT_SEQUENCE_START = 1n;
const DEFAULT_SEQUENCE_MIN = 1n;
const DEFAULT_SEQUENCE_MAX: bigint = (1n << 127n) - 1n;

export function validateSequences(scope: TableScope, sequences: readonly RawSequenceDef[]): SequenceDef[] {
  const taken = new Set<number>();
  return sequences.map((raw) => {
    const sequence: SequenceDef = { ...raw, name: raw.name ?? sequenceName(scope.name, scope.columnNames, raw.column) };
    const user = `sequence \`${sequence.name}\``;
    const column = scope.column(raw.column, user);
    if (column !== undefined && !isInteger(column.type)) {
      const message = `invalid sequence column type: ${scope.where} column \`${column.name}\` with type \`${typeText(column.type)}\` in ${user}`;
      scope.add('INVALID_SEQUENCE_COLUMN_TYPE', message);
    }
    if (taken.has(raw.column)) {
      const message = `Attempt to define ${scope.where} column \`${column?.name ?? raw.column}\` with more than 1 auto_inc sequence`;
      scope.add('ONE_AUTO_INC', message);
    }
    taken.add(raw.column);
    scope.context.takeEntityName(sequence.name, raw, scope.where);
    checkNumbers(scope, sequence);
    return sequence;
  });
}

function isInteger(type: AlgebraicType): boolean {
  return /^[IU]\d+$/.test(type.tag);
}

/** The store counts from start by increment and wraps at the ends: these must make sense together. */
function checkNumbers(scope: TableScope, { name, start, minValue, maxValue, increment }: SequenceDef): void {
  const first = start ?? DEFAULT_SEQUENCE_START;
  const min = minValue ?? DEFAULT_SEQUENCE_MIN;
  const max = maxValue ?? DEFAULT_SEQUENCE_MAX;
  const user = `sequence \`${name}\` in ${scope.where}`;
  if (min > first || first > max) {
    scope.add(
      'INVALID_SEQUENCE_RANGE',
      `invalid range of ${user}: expected min ${min} <= start ${first} <= max ${max}`,
    );
    return;
  }
  const step = increment < 0n ? -increment : increment;
  if (step === 0n) {
    scope.add('INVALID_SEQUENCE_INCREMENT', `${user} has increment 0: it would never move on`);
  } else if (step >= max - min) {
    const message = `${user} has increment ${increment}, which does not fit its range from ${min} to ${max}`;
    scope.add('INVALID_SEQUENCE_INCREMENT', message);
  }
}
