import {
  datastore_delete_all_by_eq_bsatn,
  datastore_insert_bsatn,
  datastore_table_row_count,
  datastore_table_scan_bsatn,
  datastore_update_bsatn,
  table_id_from_name,
} from '../abi/spacetime_10.0';
import { datastore_clear } from '../abi/spacetime_10.5';
import { mustSucceed, UNIQUE_ALREADY_EXISTS } from '../abi/errno';
import { out } from '../abi/out';
import { readFrom } from '../bsatn/reader';
import { written, writtenLength } from '../bsatn/writer';

const UNKNOWN: u32 = u32.MAX_VALUE;

/**
 * One table of the database; what the compiler transform generates for a table builds on this.
 *
 * The names with `$` are not for modules: those without stand beside the accessors of the table's indexes.
 */
export class TableAccess {
  private $tableId: u32 = UNKNOWN;

  constructor(readonly $name: string) {}

  /** Looked up at the first use: ids stay the same while an instance of the module lives. */
  get $id(): u32 {
    const id = this.$tableId;
    return id == UNKNOWN ? this.$lookUp() : id;
  }

  private $lookUp(): u32 {
    const name = String.UTF8.encode(this.$name);
    mustSucceed(table_id_from_name(changetype<usize>(name), name.byteLength, out), this.$name);
    return (this.$tableId = load<u32>(out));
  }

  /** The number of rows that this transaction sees. */
  count(): u64 {
    mustSucceed(datastore_table_row_count(this.$id, out), this.$name);
    return load<u64>(out);
  }

  /** Deletes all rows and returns how many there were. */
  clear(): u64 {
    mustSucceed(datastore_clear(this.$id, out), this.$name);
    return load<u64>(out);
  }

  protected $openScan(): u32 {
    mustSucceed(datastore_table_scan_bsatn(this.$id, out), this.$name);
    return load<u32>(out);
  }

  /** Inserts the row that was written; afterwards the reader stands at the columns that the host generated. */
  protected $insertWritten(): void {
    mustSucceed(this.$insertStatus(), this.$name);
  }

  /** False if a unique column already has the value. */
  protected $tryInsertWritten(): bool {
    const errno = this.$insertStatus();
    if (errno == UNIQUE_ALREADY_EXISTS) return false;
    mustSucceed(errno, this.$name);
    return true;
  }

  private $insertStatus(): u32 {
    const id = this.$id;
    store<u32>(out, <u32>writtenLength());
    const errno = datastore_insert_bsatn(id, written(), out);
    readFrom(written(), load<u32>(out));
    return errno;
  }

  /** Puts the row that was written in the place of the one with the same key; the reader then as after an insert. */
  $updateWritten(indexId: u32): void {
    const id = this.$id;
    store<u32>(out, <u32>writtenLength());
    mustSucceed(datastore_update_bsatn(id, indexId, written(), out), this.$name);
    readFrom(written(), load<u32>(out));
  }

  /** Deletes every row that equals one of the written ones. */
  protected $deleteWritten(): u32 {
    mustSucceed(datastore_delete_all_by_eq_bsatn(this.$id, written(), writtenLength(), out), this.$name);
    return load<u32>(out);
  }
}
