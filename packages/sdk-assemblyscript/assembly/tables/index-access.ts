import {
  datastore_delete_by_index_scan_range_bsatn,
  datastore_index_scan_range_bsatn,
  index_id_from_name,
} from '../abi/spacetime_10.0';
import { datastore_delete_by_index_scan_point_bsatn, datastore_index_scan_point_bsatn } from '../abi/spacetime_10.4';
import { mustSucceed } from '../abi/errno';
import { out } from '../abi/out';
import { room, written, writtenLength } from '../bsatn/writer';

const UNKNOWN: u32 = u32.MAX_VALUE;

const INCLUDED: u8 = 0;
const EXCLUDED: u8 = 1;
const UNBOUNDED: u8 = 2;

/**
 * One index of the database; what the compiler transform generates for an index builds on this.
 *
 * The names with `$` are not for modules.
 */
export class IndexAccess {
  private $indexId: u32 = UNKNOWN;
  /** Where the parts of a range lie in the writer: the prefix, from its end the lower bound, then the upper one. */
  private $prefixEnd: usize = 0;
  private $lowerEnd: usize = 0;
  private $upperStart: usize = 0;

  constructor(readonly $name: string) {}

  get $id(): u32 {
    const id = this.$indexId;
    return id == UNKNOWN ? this.$lookUp() : id;
  }

  private $lookUp(): u32 {
    const name = String.UTF8.encode(this.$name);
    mustSucceed(index_id_from_name(changetype<usize>(name), name.byteLength, out), this.$name);
    return (this.$indexId = load<u32>(out));
  }

  /** The rows whose key is the one that was written. */
  $openPoint(): u32 {
    mustSucceed(datastore_index_scan_point_bsatn(this.$id, written(), writtenLength(), out), this.$name);
    return load<u32>(out);
  }

  $deletePoint(): u32 {
    mustSucceed(datastore_delete_by_index_scan_point_bsatn(this.$id, written(), writtenLength(), out), this.$name);
    return load<u32>(out);
  }

  // A range is written in three parts: the columns before the ranged one, then both bounds.

  $beginLowerIncluded(): void {
    this.$prefixEnd = writtenLength();
    store<u8>(room(1), INCLUDED);
  }

  $lowerUnbounded(): void {
    this.$prefixEnd = writtenLength();
    store<u8>(room(1), UNBOUNDED);
  }

  $beginUpperIncluded(): void {
    this.$endLower();
    store<u8>(room(1), INCLUDED);
  }

  $beginUpperExcluded(): void {
    this.$endLower();
    store<u8>(room(1), EXCLUDED);
  }

  $upperUnbounded(): void {
    this.$endLower();
    store<u8>(room(1), UNBOUNDED);
  }

  /** Ends a range that is one value: both bounds are the same bytes. */
  $upperSameAsLower(): void {
    this.$endLower();
    this.$upperStart = this.$prefixEnd;
  }

  private $endLower(): void {
    this.$upperStart = this.$lowerEnd = writtenLength();
  }

  $openRange(prefixColumns: u32): u32 {
    const at = written();
    mustSucceed(
      datastore_index_scan_range_bsatn(
        this.$id,
        at,
        this.$prefixEnd,
        prefixColumns,
        at + this.$prefixEnd,
        this.$lowerEnd - this.$prefixEnd,
        at + this.$upperStart,
        writtenLength() - this.$upperStart,
        out,
      ),
      this.$name,
    );
    return load<u32>(out);
  }

  $deleteRange(prefixColumns: u32): u32 {
    const at = written();
    mustSucceed(
      datastore_delete_by_index_scan_range_bsatn(
        this.$id,
        at,
        this.$prefixEnd,
        prefixColumns,
        at + this.$prefixEnd,
        this.$lowerEnd - this.$prefixEnd,
        at + this.$upperStart,
        writtenLength() - this.$upperStart,
        out,
      ),
      this.$name,
    );
    return load<u32>(out);
  }
}
