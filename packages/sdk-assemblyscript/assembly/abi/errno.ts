import { panic } from '../calls/panic';

/** A unique constraint refused the row. */
export const UNIQUE_ALREADY_EXISTS: u32 = 12;

/** What went wrong in the words of the ABI. */
function errnoText(errno: u32): string {
  switch (errno) {
    case 2:
      return 'this needs an open transaction';
    case 3:
      return 'the bytes do not decode at the type of the table';
    case 4:
      return 'the database has no such table';
    case 5:
      return 'the database has no such index';
    case 6:
      return 'these rows are no longer open';
    case 10:
      return 'a hash index cannot be scanned by range';
    case UNIQUE_ALREADY_EXISTS:
      return 'a unique column already has this value';
    case 13:
      return 'the schedule lies too far in the future';
    case 14:
      return 'the index is not unique';
    case 15:
      return 'there is no row with this key';
    case 17:
      return 'a transaction is already open';
    case 18:
      return 'no transaction is open that this procedure began';
    case 19:
      return 'this transaction can only read';
    default:
      return `the host refused with errno ${errno}`;
  }
}

/** Ends the call as failed unless `errno` is 0. */
export function mustSucceed(errno: u32, what: string): void {
  if (errno != 0) panic(what + ': ' + errnoText(errno));
}
