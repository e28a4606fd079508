import type { KeyType } from '@lightcone/sats';
import { StoreError } from './errors.ts';
import type { KeyHeads } from './key-head.ts';
import { PointerList } from './pointer-list.ts';
import type { RowPages } from './row-pages.ts';
import { NO_ROW, type RowPointer } from './row-pointer.ts';

/**
 * Row pointers in the order of a key: a B+tree whose nodes are slices of typed arrays.
 *
 *     inner   least entry of each child: head, row; child      (entry 0 included)
 *     leaf    entries: head, row                                previous and next leaf
 *
 * An entry is a row and the head of its key; keys themselves are read from the row, and only when
 * heads do not decide. Rows with equal keys are ordered by pointer, so that one of a million
 * duplicates is found as fast as a unique key. Every look-up descends to the place *behind* the
 * entries it is about, so what it wants is the entry before that place, always in the same leaf.
 *
 * Leaves are merged when they get sparse; inner nodes, a 64th of the size, only vanish when empty.
 * Keys that come in ascending order leave full nodes behind.
 */
export class RowTree {
  readonly #rows: RowPages;
  readonly #key: KeyType;
  readonly #heads: KeyHeads;
  readonly #isUnique: boolean;
  #size = 0;
  #root = 0;
  /** Inner levels above the leaves. */
  #height = 0;

  #leafHeads!: Float64Array;
  #leafRows!: Int32Array;
  #leafCounts!: Int32Array;
  #nextLeaf!: Int32Array;
  #previousLeaf!: Int32Array;
  #leafLimit = 0;
  readonly #freeLeaves = new PointerList();

  #innerHeads!: Float64Array;
  #innerRows!: Int32Array;
  #innerChildren!: Int32Array;
  #innerCounts!: Int32Array;
  #innerLimit = 0;
  readonly #freeInners = new PointerList();

  // What is being looked for.
  #targetBytes: Uint8Array = new Uint8Array(0);
  #targetStart = 0;
  #targetHead = 0;
  /** Whether equal heads mean equal keys. */
  #isExact = false;
  /** Compares a target that is a key; a target that is a row has none. */
  #targetKey: KeyType | undefined;
  /** Entries with an equal key are before the target if their pointer is less than this. */
  #tie = 0;

  // Where the last descent ended. Level 1 of the path is the parent of the leaf.
  #leaf = 0;
  #slot = 0;
  readonly #pathNodes = new Int32Array(MAX_HEIGHT);
  readonly #pathSlots = new Int32Array(MAX_HEIGHT);

  constructor(rows: RowPages, key: KeyType, heads: KeyHeads, isUnique: boolean) {
    this.#rows = rows;
    this.#key = key;
    this.#heads = heads;
    this.#isUnique = isUnique;
    this.clear();
  }

  get size(): number {
    return this.#size;
  }

  get byteSize(): number {
    return (
      this.#leafHeads.byteLength +
      this.#leafRows.byteLength +
      this.#leafCounts.byteLength * 3 +
      this.#innerHeads.byteLength +
      this.#innerRows.byteLength * 2 +
      this.#innerCounts.byteLength
    );
  }

  clear(): void {
    this.#size = 0;
    this.#root = 0;
    this.#height = 0;
    this.#leafHeads = new Float64Array(NODE_SIZE);
    this.#leafRows = new Int32Array(NODE_SIZE);
    this.#leafCounts = new Int32Array(1);
    this.#nextLeaf = new Int32Array(1).fill(NONE);
    this.#previousLeaf = new Int32Array(1).fill(NONE);
    this.#leafLimit = 1;
    this.#freeLeaves.clear();
    this.#innerHeads = new Float64Array(0);
    this.#innerRows = new Int32Array(0);
    this.#innerChildren = new Int32Array(0);
    this.#innerCounts = new Int32Array(0);
    this.#innerLimit = 0;
    this.#freeInners.clear();
  }

  /**
   * Adds a row.
   * @returns NO_ROW, or the row that has the same key already; then nothing was added
   */
  insert(row: RowPointer): RowPointer {
    this.#aimAtRow(this.#rows.bytes(row), this.#rows.start(row), this.#isUnique ? AFTER_ALL : row);
    this.#descend();
    if (this.#isUnique) {
      const equal = this.#equalBeforeSlot();
      if (equal >= 0) return equal;
    }
    this.#insertEntry(row);
    this.#size++;
    return NO_ROW;
  }

  /** Removes a row that is in the tree, while its bytes are still there. */
  remove(row: RowPointer): void {
    this.#locate(row);
    this.#removeEntry(this.#slot - 1);
    this.#size--;
  }

  /** Puts `row` in the place of `old`, whose key is equal. */
  replace(old: RowPointer, row: RowPointer): void {
    if (!this.#isUnique) {
      // Equal keys are ordered by pointer.
      this.remove(old);
      this.insert(row);
      return;
    }
    // An update has just looked the old row up, so the last descent mostly ended here.
    const at = this.#slot - 1;
    const isHere = at > 0 && at < this.#leafCounts[this.#leaf]! && this.#leafRows[this.#leaf * NODE_SIZE + at] === old;
    if (!isHere) this.#locate(old);
    this.#leafRows[this.#leaf * NODE_SIZE + this.#slot - 1] = row;
    if (this.#slot === 1) this.#updateLeast();
  }

  /** The row of a unique tree whose key equals the key of the row at `rowStart`. */
  findRow(row: Uint8Array, rowStart: number): RowPointer {
    this.#aimAtRow(row, rowStart, AFTER_ALL);
    this.#descend();
    return this.#equalBeforeSlot();
  }

  /** The row of a unique tree with this key. */
  findKey(key: Uint8Array, keyStart: number): RowPointer {
    this.#aimAtKey(this.#key, key, keyStart, AFTER_ALL);
    this.#descend();
    return this.#equalBeforeSlot();
  }

  /**
   * Appends the rows between two keys, in order.
   *
   * A bound is a key of the leading columns of this tree's key, compared by `lowerKey`, `upperKey`;
   * undefined means no bound. Rows equal to it are in the range if it is included.
   */
  collect(
    lowerKey: KeyType | undefined,
    lower: Uint8Array,
    lowerStart: number,
    isLowerIncluded: boolean,
    upperKey: KeyType | undefined,
    upper: Uint8Array,
    upperStart: number,
    isUpperIncluded: boolean,
    out: PointerList,
  ): void {
    let leaf: number;
    let slot: number;
    if (lowerKey === undefined) {
      leaf = this.#firstLeaf();
      slot = 0;
    } else {
      this.#aimAtKey(lowerKey, lower, lowerStart, isLowerIncluded ? BEFORE_ALL : AFTER_ALL);
      this.#descend();
      leaf = this.#leaf;
      slot = this.#slot;
      if (slot === this.#leafCounts[leaf]) {
        leaf = this.#nextLeaf[leaf]!;
        slot = 0;
      }
    }
    if (leaf === NONE || slot >= this.#leafCounts[leaf]!) return;

    let endLeaf = NONE;
    let endSlot = 0;
    if (upperKey !== undefined) {
      this.#aimAtKey(upperKey, upper, upperStart, isUpperIncluded ? AFTER_ALL : BEFORE_ALL);
      // Where the bounds are the wrong way round the first entry lies behind the last.
      if (!this.#isBeforeTarget(this.#leafHeads[leaf * NODE_SIZE + slot]!, this.#leafRows[leaf * NODE_SIZE + slot]!))
        return;
      this.#descend();
      endLeaf = this.#leaf;
      endSlot = this.#slot;
    }
    for (; leaf !== NONE; leaf = this.#nextLeaf[leaf]!) {
      const base = leaf * NODE_SIZE;
      const end = leaf === endLeaf ? endSlot : this.#leafCounts[leaf]!;
      for (; slot < end; slot++) out.push(this.#leafRows[base + slot]!);
      if (leaf === endLeaf) return;
      slot = 0;
    }
  }

  // ---- Looking for a target ----

  #aimAtRow(bytes: Uint8Array, start: number, tie: number): void {
    this.#targetBytes = bytes;
    this.#targetStart = start;
    this.#targetKey = undefined;
    this.#tie = tie;
    this.#targetHead = this.#heads.ofRow(bytes, start);
    this.#isExact = Math.abs(this.#targetHead) < this.#heads.exactBelow;
  }

  #aimAtKey(key: KeyType, bytes: Uint8Array, start: number, tie: number): void {
    this.#targetBytes = bytes;
    this.#targetStart = start;
    this.#targetKey = key;
    this.#tie = tie;
    this.#targetHead = this.#heads.ofKey(bytes, start);
    this.#isExact = Math.abs(this.#targetHead) < this.#heads.exactBelow;
  }

  /** Orders the target and a row whose heads are equal and do not decide. */
  #compareTarget(row: RowPointer): number {
    const bytes = this.#rows.bytes(row);
    const start = this.#rows.start(row);
    return this.#targetKey === undefined
      ? this.#key.compareRows(this.#targetBytes, this.#targetStart, bytes, start)
      : this.#targetKey.compareKeyToRow(this.#targetBytes, this.#targetStart, bytes, start);
  }

  #isBeforeTarget(head: number, row: RowPointer): boolean {
    if (head !== this.#targetHead) return head < this.#targetHead;
    if (!this.#isExact) {
      const order = this.#compareTarget(row);
      if (order !== 0) return order > 0;
    }
    return row < this.#tie;
  }

  /** Goes to the leaf and slot behind all entries that are before the target. */
  #descend(): void {
    let node = this.#root;
    for (let level = this.#height; level > 0; level--) {
      const slot = this.#search(this.#innerHeads, this.#innerRows, node * NODE_SIZE, 1, this.#innerCounts[node]!) - 1;
      this.#pathNodes[level] = node;
      this.#pathSlots[level] = slot;
      node = this.#innerChildren[node * NODE_SIZE + slot]!;
    }
    this.#leaf = node;
    this.#slot = this.#search(this.#leafHeads, this.#leafRows, node * NODE_SIZE, 0, this.#leafCounts[node]!);
  }

  /** The first of the entries `from` to `to` of a node that is not before the target; `to` if all are. */
  #search(heads: Float64Array, rows: Int32Array, base: number, from: number, to: number): number {
    const target = this.#targetHead;
    let low = base + from;
    // Without a branch on the outcome: half of the guesses would be wrong, and cost more than the rest.
    for (let left = to - from; left > 0;) {
      const half = (left + 1) >>> 1;
      low += Number(heads[low + half - 1]! < target) * half;
      left -= half;
    }
    // Heads alone have decided, unless there are equal ones.
    let high = base + to;
    if (low === high || heads[low] !== target) return low - base;
    if (this.#isExact && this.#isUnique) return low - base + (this.#tie === AFTER_ALL ? 1 : 0);
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (heads[middle] === target && this.#isBeforeTarget(target, rows[middle]!)) low = middle + 1;
      else high = middle;
    }
    return low - base;
  }

  /** The row of the entry before the slot, if its key equals the target. */
  #equalBeforeSlot(): RowPointer {
    if (this.#slot === 0) return NO_ROW;
    const at = this.#leaf * NODE_SIZE + this.#slot - 1;
    if (this.#leafHeads[at] !== this.#targetHead) return NO_ROW;
    const row = this.#leafRows[at]!;
    return this.#isExact || this.#compareTarget(row) === 0 ? row : NO_ROW;
  }

  /** Goes behind the entry of a row that is in the tree. */
  #locate(row: RowPointer): void {
    this.#aimAtRow(this.#rows.bytes(row), this.#rows.start(row), this.#isUnique ? AFTER_ALL : row + 1);
    this.#descend();
    if (this.#slot === 0 || this.#leafRows[this.#leaf * NODE_SIZE + this.#slot - 1] !== row) {
      throw new StoreError('STORE_CORRUPT', `row ${row} is missing from an ordered index`);
    }
  }

  #firstLeaf(): number {
    let node = this.#root;
    for (let level = this.#height; level > 0; level--) node = this.#innerChildren[node * NODE_SIZE]!;
    return node;
  }

  // ---- Entries of leaves ----

  /** Inserts the target's entry at the slot where the descent ended. */
  #insertEntry(row: RowPointer): void {
    let leaf = this.#leaf;
    let slot = this.#slot;
    let right = NONE;
    if (this.#leafCounts[leaf] === NODE_SIZE) {
      right = this.#splitLeaf(leaf, slot);
      const kept = this.#leafCounts[leaf]!;
      if (slot > kept || kept === NODE_SIZE) {
        leaf = right;
        slot -= kept;
      }
    }
    const base = leaf * NODE_SIZE;
    const count = this.#leafCounts[leaf]!;
    for (let i = base + count; i > base + slot; i--) {
      this.#leafHeads[i] = this.#leafHeads[i - 1]!;
      this.#leafRows[i] = this.#leafRows[i - 1]!;
    }
    this.#leafHeads[base + slot] = this.#targetHead;
    this.#leafRows[base + slot] = row;
    this.#leafCounts[leaf] = count + 1;
    if (slot === 0 && leaf !== right) this.#updateLeast();
    if (right !== NONE)
      this.#insertChild(1, this.#leafHeads[right * NODE_SIZE]!, this.#leafRows[right * NODE_SIZE]!, right);
  }

  /** Moves the upper half of a full leaf to a new one; nothing if the next entry is the largest of all. */
  #splitLeaf(leaf: number, slot: number): number {
    const right = this.#newLeaf();
    const after = this.#nextLeaf[leaf]!;
    const kept = slot === NODE_SIZE && after === NONE ? NODE_SIZE : NODE_SIZE / 2;
    const from = leaf * NODE_SIZE;
    const to = right * NODE_SIZE;
    for (let i = kept; i < NODE_SIZE; i++) {
      this.#leafHeads[to + i - kept] = this.#leafHeads[from + i]!;
      this.#leafRows[to + i - kept] = this.#leafRows[from + i]!;
    }
    this.#leafCounts[leaf] = kept;
    this.#leafCounts[right] = NODE_SIZE - kept;
    this.#nextLeaf[leaf] = right;
    this.#previousLeaf[right] = leaf;
    this.#nextLeaf[right] = after;
    if (after !== NONE) this.#previousLeaf[after] = right;
    return right;
  }

  #removeEntry(slot: number): void {
    const leaf = this.#leaf;
    const base = leaf * NODE_SIZE;
    const count = this.#leafCounts[leaf]! - 1;
    for (let i = base + slot; i < base + count; i++) {
      this.#leafHeads[i] = this.#leafHeads[i + 1]!;
      this.#leafRows[i] = this.#leafRows[i + 1]!;
    }
    this.#leafCounts[leaf] = count;
    if (this.#height === 0) return;
    if (count === 0) {
      this.#freeLeaf(leaf);
      this.#removeChild(1);
      return;
    }
    if (slot === 0) this.#updateLeast();
    if (count < NODE_SIZE / 4) this.#mergeLeaf();
  }

  /** Joins the sparse leaf of the path with a sibling, if both fit well into one. */
  #mergeLeaf(): void {
    const parent = this.#pathNodes[1]!;
    const slot = this.#pathSlots[1]!;
    const rightSlot = slot + 1 < this.#innerCounts[parent]! ? slot + 1 : slot;
    if (rightSlot === 0) return;
    const left = this.#innerChildren[parent * NODE_SIZE + rightSlot - 1]!;
    const right = this.#innerChildren[parent * NODE_SIZE + rightSlot]!;
    const leftCount = this.#leafCounts[left]!;
    const rightCount = this.#leafCounts[right]!;
    if (leftCount + rightCount > (NODE_SIZE * 3) / 4) return;
    const to = left * NODE_SIZE + leftCount;
    const from = right * NODE_SIZE;
    for (let i = 0; i < rightCount; i++) {
      this.#leafHeads[to + i] = this.#leafHeads[from + i]!;
      this.#leafRows[to + i] = this.#leafRows[from + i]!;
    }
    this.#leafCounts[left] = leftCount + rightCount;
    this.#freeLeaf(right);
    this.#pathSlots[1] = rightSlot;
    this.#removeChild(1);
  }

  // ---- Children of inner nodes ----

  /** Tells the ancestors on the path that the leaf's first entry is another. */
  #updateLeast(): void {
    const head = this.#leafHeads[this.#leaf * NODE_SIZE]!;
    const row = this.#leafRows[this.#leaf * NODE_SIZE]!;
    this.#setLeast(1, head, row);
  }

  #setLeast(fromLevel: number, head: number, row: RowPointer): void {
    for (let level = fromLevel; level <= this.#height; level++) {
      const at = this.#pathNodes[level]! * NODE_SIZE + this.#pathSlots[level]!;
      this.#innerHeads[at] = head;
      this.#innerRows[at] = row;
      if (this.#pathSlots[level] !== 0) return;
    }
  }

  /** Adds a child behind the one on the path. */
  #insertChild(level: number, head: number, row: RowPointer, child: number): void {
    if (level > this.#height) {
      this.#addRoot(head, row, child);
      return;
    }
    let node = this.#pathNodes[level]!;
    let slot = this.#pathSlots[level]! + 1;
    let right = NONE;
    if (this.#innerCounts[node] === NODE_SIZE) {
      right = this.#splitInner(node, slot);
      const kept = this.#innerCounts[node]!;
      if (slot > kept || kept === NODE_SIZE) {
        node = right;
        slot -= kept;
      }
    }
    const base = node * NODE_SIZE;
    const count = this.#innerCounts[node]!;
    for (let i = base + count; i > base + slot; i--) this.#copyInner(i - 1, i);
    this.#innerHeads[base + slot] = head;
    this.#innerRows[base + slot] = row;
    this.#innerChildren[base + slot] = child;
    this.#innerCounts[node] = count + 1;
    if (right !== NONE) {
      this.#insertChild(level + 1, this.#innerHeads[right * NODE_SIZE]!, this.#innerRows[right * NODE_SIZE]!, right);
    }
  }

  /** Puts a new root above the old one and its new sibling. */
  #addRoot(head: number, row: RowPointer, child: number): void {
    const old = this.#root;
    const root = this.#newInner();
    const base = root * NODE_SIZE;
    this.#innerHeads[base] =
      this.#height === 0 ? this.#leafHeads[old * NODE_SIZE]! : this.#innerHeads[old * NODE_SIZE]!;
    this.#innerRows[base] = this.#height === 0 ? this.#leafRows[old * NODE_SIZE]! : this.#innerRows[old * NODE_SIZE]!;
    this.#innerChildren[base] = old;
    this.#innerHeads[base + 1] = head;
    this.#innerRows[base + 1] = row;
    this.#innerChildren[base + 1] = child;
    this.#innerCounts[root] = 2;
    this.#root = root;
    this.#height++;
  }

  #splitInner(node: number, slot: number): number {
    const right = this.#newInner();
    const kept = slot === NODE_SIZE ? NODE_SIZE : NODE_SIZE / 2;
    for (let i = kept; i < NODE_SIZE; i++) this.#copyInner(node * NODE_SIZE + i, right * NODE_SIZE + i - kept);
    this.#innerCounts[node] = kept;
    this.#innerCounts[right] = NODE_SIZE - kept;
    return right;
  }

  /** Removes the child on the path, which was freed. */
  #removeChild(level: number): void {
    const node = this.#pathNodes[level]!;
    const slot = this.#pathSlots[level]!;
    const base = node * NODE_SIZE;
    const count = this.#innerCounts[node]! - 1;
    for (let i = base + slot; i < base + count; i++) this.#copyInner(i + 1, i);
    this.#innerCounts[node] = count;
    if (count === 0) {
      // Only an inner node that is not the root gets here: the root is replaced when one child is left.
      this.#freeInners.push(node);
      this.#removeChild(level + 1);
      return;
    }
    if (slot === 0) this.#setLeast(level + 1, this.#innerHeads[base]!, this.#innerRows[base]!);
    while (this.#height > 0 && this.#innerCounts[this.#root] === 1) {
      this.#freeInners.push(this.#root);
      this.#root = this.#innerChildren[this.#root * NODE_SIZE]!;
      this.#height--;
    }
  }

  #copyInner(from: number, to: number): void {
    this.#innerHeads[to] = this.#innerHeads[from]!;
    this.#innerRows[to] = this.#innerRows[from]!;
    this.#innerChildren[to] = this.#innerChildren[from]!;
  }

  // ---- Memory of nodes ----

  #newLeaf(): number {
    if (this.#freeLeaves.length > 0) return this.#freeLeaves.pop();
    if (this.#leafLimit === this.#leafCounts.length) {
      const capacity = grownCapacity(this.#leafLimit);
      this.#leafHeads = grow(this.#leafHeads, new Float64Array(capacity * NODE_SIZE));
      this.#leafRows = grow(this.#leafRows, new Int32Array(capacity * NODE_SIZE));
      this.#leafCounts = grow(this.#leafCounts, new Int32Array(capacity));
      this.#nextLeaf = grow(this.#nextLeaf, new Int32Array(capacity));
      this.#previousLeaf = grow(this.#previousLeaf, new Int32Array(capacity));
    }
    return this.#leafLimit++;
  }

  #freeLeaf(leaf: number): void {
    const previous = this.#previousLeaf[leaf]!;
    const next = this.#nextLeaf[leaf]!;
    if (previous !== NONE) this.#nextLeaf[previous] = next;
    if (next !== NONE) this.#previousLeaf[next] = previous;
    this.#leafCounts[leaf] = 0;
    this.#freeLeaves.push(leaf);
  }

  #newInner(): number {
    if (this.#freeInners.length > 0) return this.#freeInners.pop();
    if (this.#innerLimit === this.#innerCounts.length) {
      const capacity = grownCapacity(this.#innerLimit);
      this.#innerHeads = grow(this.#innerHeads, new Float64Array(capacity * NODE_SIZE));
      this.#innerRows = grow(this.#innerRows, new Int32Array(capacity * NODE_SIZE));
      this.#innerChildren = grow(this.#innerChildren, new Int32Array(capacity * NODE_SIZE));
      this.#innerCounts = grow(this.#innerCounts, new Int32Array(capacity));
    }
    return this.#innerLimit++;
  }
}

/** Entries of a leaf, children of an inner node. */
const NODE_SIZE = 64;
/** Enough for 2^31 rows in nodes that are nearly empty. */
const MAX_HEIGHT = 32;
const NONE = -1;

// Ties that put every entry with an equal key before, or none.
const AFTER_ALL = 2 ** 31;
const BEFORE_ALL = -1;

function grownCapacity(capacity: number): number {
  return capacity < 4096 ? Math.max(capacity * 2, 1) : Math.ceil(capacity * 1.5);
}

function grow<T extends Float64Array | Int32Array>(old: T, grown: T): T {
  grown.set(old);
  return grown;
}
