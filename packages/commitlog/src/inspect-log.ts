import { CommitLogError, type CommitLogErrorCode } from './errors.ts';
import type { FileSystem } from './file-system.ts';
import type { LogStretch } from './log-stretch.ts';
import { type OffsetIndexEntry, readOffsetIndex } from './offset-index.ts';
import { UNFINISHED } from './segment-file.ts';
import { SEGMENT_HEADER_BYTES, offsetIndexPath, segmentOffsets, segmentPath } from './segment-header.ts';
import { SegmentReader } from './segment-reader.ts';

/**
 * What is found in a log. `damage` means that the log does not give what it should; `note` that it does nevertheless:
 * a torn tail (`LOG_TORN_TAIL`), an offset index that is wrong (`LOG_INDEX_WRONG`), a file that was not finished
 * (`LOG_UNFINISHED_FILE`).
 */
export interface LogFinding {
  readonly severity: 'damage' | 'note';
  readonly code: CommitLogErrorCode | 'LOG_TORN_TAIL' | 'LOG_INDEX_WRONG' | 'LOG_UNFINISHED_FILE';
  readonly path: string;
  /** In the file; in its content if it is compressed. */
  readonly position: number | undefined;
  /** The transaction that should have been there. */
  readonly txOffset: number | undefined;
  readonly message: string;
}

export interface InspectedSegment {
  readonly path: string;
  readonly firstTxOffset: number;
  /** Of the content. */
  readonly bytes: number;
  readonly isCompressed: boolean;
  /** Of the format; undefined if the header does not say. */
  readonly version: number | undefined;
  readonly commits: number;
}

export interface LogInspection {
  readonly segments: readonly InspectedSegment[];
  /** Everything that is readable, in the order of the files. */
  readonly stretches: readonly LogStretch[];
  readonly findings: readonly LogFinding[];
}

/**
 * Reads a whole log that nobody writes and says what is in it and what is wrong with it. Unlike `replay` it goes on
 * behind damage, so that everything wrong and everything readable comes to light; it changes nothing and does not throw
 * for what it finds.
 *
 * @param folder of the segments
 */
export async function inspectLog(fs: FileSystem, folder: string): Promise<LogInspection> {
  const findings: LogFinding[] = [];
  const segments: InspectedSegment[] = [];
  const stretches: LogStretch[] = [];
  const names = await fs.list(folder);
  for (const name of names.filter((file) => file.endsWith(UNFINISHED)).sort()) {
    findings.push({
      severity: 'note',
      code: 'LOG_UNFINISHED_FILE',
      path: `${folder}/${name}`,
      position: undefined,
      txOffset: undefined,
      message:
        'a segment that was being made when its writer ended; nothing was promised of it, and a start removes it',
    });
  }
  const offsets = segmentOffsets(names);
  /** Where the log is due to go on; undefined behind something that could not be read. */
  let expected = offsets[0];
  for (const [i, offset] of offsets.entries()) {
    const path = segmentPath(folder, offset);
    if (expected !== undefined && offset !== expected) {
      findings.push(misplaced(path, 0, expected, offset));
    }
    const index = await readOffsetIndex(fs, folder, offset);
    const segment = new SegmentInspection(path, offset, offsets[i + 1], index, findings, stretches);
    try {
      await using reader = await SegmentReader.open(fs, folder, offset);
      expected = await segment.read(reader);
      segments.push({
        path,
        firstTxOffset: offset,
        bytes: reader?.fileSize ?? 0,
        isCompressed: reader?.isCompressed ?? false,
        version: reader?.version,
        commits: segment.commits,
      });
      if (segment.wrongEntry !== undefined)
        findings.push(wrongIndex(offsetIndexPath(folder, offset), segment.wrongEntry));
    } catch (error) {
      findings.push(unreadable(path, segment.nextTxOffset, error));
      segments.push({
        path,
        firstTxOffset: offset,
        bytes: 0,
        isCompressed: false,
        version: undefined,
        commits: segment.commits,
      });
      segment.endStretch();
      expected = undefined;
    }
  }
  return { segments, stretches, findings };
}

/** Reads one segment. */
class SegmentInspection {
  commits = 0;
  /** What the next commit should begin with. */
  nextTxOffset: number;
  /** The first entry of the offset index that leads to no such commit. */
  wrongEntry: OffsetIndexEntry | undefined;

  readonly #path: string;
  readonly #following: number | undefined;
  readonly #index: readonly OffsetIndexEntry[];
  readonly #findings: LogFinding[];
  readonly #stretches: LogStretch[];
  readonly #segment: number;
  /** Entries of the index up to here have been passed. */
  #indexed = 0;
  /** The stretch that is being read. */
  #first: number | undefined;
  #start = 0;
  #end = 0;

  /** @param following the name of the next segment; undefined for the newest */
  constructor(
    path: string,
    segment: number,
    following: number | undefined,
    index: readonly OffsetIndexEntry[],
    findings: LogFinding[],
    stretches: LogStretch[],
  ) {
    this.#path = path;
    this.#segment = segment;
    this.#following = following;
    this.#index = index;
    this.#findings = findings;
    this.#stretches = stretches;
    this.nextTxOffset = segment;
  }

  /** @returns the tx offset that the next segment should begin with; undefined if that cannot be said */
  async read(reader: SegmentReader | undefined): Promise<number | undefined> {
    if (reader === undefined) {
      this.#reportTail(0, `expected a header of ${SEGMENT_HEADER_BYTES} bytes`, this.#following === undefined);
      return this.nextTxOffset;
    }
    for (;;) {
      const step = await reader.next();
      if (step === 'commit') {
        if (reader.minTxOffset !== this.nextTxOffset) {
          this.#findings.push(misplaced(this.#path, reader.commitPosition, this.nextTxOffset, reader.minTxOffset));
          this.endStretch();
        }
        this.#add(reader);
        continue;
      }
      this.endStretch();
      if (step === 'end' || (await this.#isRoomFrom(reader))) {
        this.wrongEntry ??= this.#index[this.#indexed];
        return this.nextTxOffset;
      }
      const { position, problem } = reader;
      const later = await reader.findLaterCommit(this.nextTxOffset);
      if (later === undefined) {
        // A segment begins its life with its first commit, whole: no crash makes it wrong.
        const isTorn = this.#following === undefined ? this.commits > 0 : this.#following === this.nextTxOffset;
        const wasTorn = this.#following === undefined ? undefined : 'and the next segment goes on there';
        this.#reportTail(position, wasTorn === undefined || !isTorn ? problem : `${problem}, ${wasTorn}`, isTorn);
        return this.nextTxOffset;
      }
      this.#report('damage', 'LOG_DAMAGED', position, `${problem}; later transactions follow`);
      if (later === 'unknown') return undefined;
      reader.position = later;
      await reader.next();
      this.#add(reader);
    }
  }

  /** Whether a program that was killed had set room aside there: nothing that anybody misses. */
  async #isRoomFrom(reader: SegmentReader): Promise<boolean> {
    return this.#following === undefined && this.commits > 0 && (await reader.isZeroFrom(reader.position));
  }

  endStretch(): void {
    if (this.#first === undefined) return;
    this.#stretches.push({
      segment: this.#segment,
      position: this.#start,
      endPosition: this.#end,
      firstTxOffset: this.#first,
      endTxOffset: this.nextTxOffset,
    });
    this.#first = undefined;
  }

  #add(reader: SegmentReader): void {
    if (this.#first === undefined) {
      this.#first = reader.minTxOffset;
      this.#start = reader.commitPosition;
    }
    this.commits++;
    this.#end = reader.position;
    this.nextTxOffset = reader.minTxOffset + reader.count;
    for (let entry = this.#index[this.#indexed]; entry !== undefined; entry = this.#index[++this.#indexed]) {
      if (entry.txOffset > reader.minTxOffset) break;
      if (entry.txOffset < reader.minTxOffset || entry.position !== reader.commitPosition) this.wrongEntry ??= entry;
    }
  }

  #reportTail(position: number, problem: string, isTorn: boolean): void {
    if (!isTorn) this.#report('damage', 'LOG_DAMAGED', position, problem);
    else if (this.#following === undefined) {
      const meaning =
        'a commit that was being written when its writer ended, not yet acknowledged; a start cuts it off';
      this.#report('note', 'LOG_TORN_TAIL', position, `${problem}: ${meaning}`);
    } else this.#report('note', 'LOG_TORN_TAIL', position, problem);
  }

  #report(severity: LogFinding['severity'], code: LogFinding['code'], position: number, message: string): void {
    this.#findings.push({ severity, code, path: this.#path, position, txOffset: this.nextTxOffset, message });
  }
}

/** What an index says is a short cut only, so nothing is lost with it. */
function wrongIndex(path: string, { txOffset, position }: OffsetIndexEntry): LogFinding {
  return {
    severity: 'note',
    code: 'LOG_INDEX_WRONG',
    path,
    position: undefined,
    txOffset,
    message: `no commit of this offset begins at byte ${position}; an index is never relied on, and may be deleted`,
  };
}

function misplaced(path: string, position: number, expected: number, actual: number): LogFinding {
  const [code, meaning] =
    actual > expected
      ? (['LOG_OUT_OF_ORDER', `transactions ${expected} to ${actual - 1} are missing before it`] as const)
      : (['LOG_FORKED', 'these offsets were given before, to other content'] as const);
  const message = `expected tx offset ${expected}, found ${actual}: ${meaning}`;
  return { severity: 'damage', code, path, position, txOffset: expected, message };
}

function unreadable(path: string, txOffset: number, error: unknown): LogFinding {
  const code = error instanceof CommitLogError ? error.code : 'LOG_READ_FAILED';
  const message = error instanceof Error ? error.message : String(error);
  return { severity: 'damage', code, path, position: undefined, txOffset, message };
}
