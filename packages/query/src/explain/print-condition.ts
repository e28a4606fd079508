import {
  type AlgebraicType,
  type AlgebraicValue,
  ByteReader,
  bytesToHex,
  compileType,
  formatTimestamp,
  formatUuid,
  specialType,
} from '@lightcone/sats';
import type { CheckedExpression, ConstantValue } from '../check/check-expression.ts';
import { comparisonChain } from '../check/comparison-chain.ts';

/** A column as explanations name it. */
export type ColumnPrinter = (table: number, column: number) => string;

/** Prints a checked condition as the SQL that it came from, with every column qualified. */
export function printCondition(expression: CheckedExpression, printColumn: ColumnPrinter): string {
  switch (expression.kind) {
    case 'column':
      return printColumn(expression.table, expression.column);
    case 'constant':
      return printConstant(expression);
    case 'sender':
      return ':sender';
    case 'comparison': {
      const chain = comparisonChain(expression).toReversed();
      const [innermost = expression] = chain;
      const first = printOperand(innermost.left, printColumn);
      const others = chain.map(({ operator, right }) => `${operator} ${printOperand(right, printColumn)}`);
      return [first, ...others].join(' ');
    }
    case 'logical':
      return expression.operands
        .map((operand) =>
          operand.kind === 'logical'
            ? `(${printCondition(operand, printColumn)})`
            : printCondition(operand, printColumn),
        )
        .join(` ${expression.operator} `);
  }
}

function printOperand(expression: CheckedExpression, printColumn: ColumnPrinter): string {
  const text = printCondition(expression, printColumn);
  return expression.kind === 'comparison' || expression.kind === 'logical' ? `(${text})` : text;
}

/** A name, in double quotes where SQL needs them. */
export function printName(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

function printConstant({ type, bytes }: ConstantValue): string {
  const value = compileType(type, []).decode(new ByteReader(bytes));
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`;
  if (value instanceof Uint8Array) return `0x${bytesToHex(value)}`;
  return typeof value === 'object' ? printSpecial(type, value) : String(value);
}

/** Of the types that conditions compare, those left are the special ones, which wrap an integer. */
function printSpecial(type: AlgebraicType, value: AlgebraicValue): string {
  const [number = 0n] = Object.values(value as Readonly<Record<string, bigint>>);
  switch (specialType(type)) {
    case 'Timestamp':
      return `'${formatTimestamp(number)}'`;
    case 'Uuid':
      return `'${formatUuid(number)}'`;
    case 'ConnectionId':
      return `0x${number.toString(16).padStart(32, '0')}`;
    default:
      return `0x${number.toString(16).padStart(64, '0')}`;
  }
}
