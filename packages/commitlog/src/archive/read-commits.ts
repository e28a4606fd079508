import { damaged, outOfOrder } from '../damage.ts';
import { CommitLogError } from '../errors.ts';
import type { FileSystem } from '../file-system.ts';
import { currentFormatCommit } from '../current-format-commit.ts';
import { seekCommit } from '../seek-commit.ts';
import { segmentOffsets, segmentPath } from '../segment-header.ts';
import { SegmentReader } from '../segment-reader.ts';

/** Where a commit begins. */
export interface LogPosition {
  readonly txOffset: number;
  /** Its place in its segment, where that is known: `position` in the content of `segment`. */
  readonly place?: { readonly segment: number; readonly position: number };
}

/** Commits that follow on one another, as bytes of the current format. */
export interface CommitRun {
  readonly firstTxOffset: number;
  readonly endTxOffset: number;
  readonly commits: Uint8Array;
  /** Where the next run begins. */
  readonly next: LogPosition;
}

/**
 * Reads whole commits of a log that may be written meanwhile, from `from` on: of one segment, as many as have
 * `fullBytes` or a little more, up to `endTxOffset`, with which a commit must end and all before be durable. Checksums are checked.
 *
 * @returns undefined if there is none
 * @throws CommitLogError `LOG_MISSING` if the log begins behind `from`, `LOG_OUT_OF_ORDER`, `LOG_FORKED`,
 *   `LOG_DAMAGED`, `LOG_UNSUPPORTED`, `LOG_READ_FAILED`
 */
export async function readCommits(
  fs: FileSystem,
  folder: string,
  from: LogPosition,
  endTxOffset: number,
  fullBytes: number,
): Promise<CommitRun | undefined> {
  if (from.txOffset >= endTxOffset) return undefined;
  const segments = segmentOffsets(await fs.list(folder));
  const first = segments.findLastIndex((segment) => segment <= from.txOffset);
  if (first === -1) {
    const message = `${folder}: tx offset ${from.txOffset} is missing: the log begins at ${segments[0] ?? 'none'}`;
    throw new CommitLogError('LOG_MISSING', message);
  }
  const parts: Uint8Array[] = [];
  let length = 0;
  let next = from;
  /** The end of a segment that is no commit, to be blamed if the next segment does not go on where it begins. */
  let brokenEnd: CommitLogError | undefined;
  for (const segment of segments.slice(first)) {
    if (next.txOffset >= endTxOffset || length > 0) break;
    if (segment > next.txOffset) {
      throw brokenEnd ?? outOfOrder(segmentPath(folder, segment), 0, next.txOffset, segment);
    }
    brokenEnd = undefined;
    await using reader = await openSegment(fs, folder, segment);
    if (reader === undefined) continue; // it never had a commit
    if (next.place?.segment === segment) reader.position = next.place.position;
    else if (next.txOffset > segment) await seekCommit(fs, folder, segment, reader, next.txOffset);
    while (length < fullBytes && next.txOffset < endTxOffset) {
      const step = await reader.next();
      if (step !== 'commit') {
        if (step === 'bad') brokenEnd = damaged(reader.path, reader.position, next.txOffset, reader.problem);
        break;
      }
      const end = reader.minTxOffset + reader.count;
      if (end <= next.txOffset) continue;
      if (reader.minTxOffset !== next.txOffset) {
        if (length > 0) break;
        throw outOfOrder(reader.path, reader.commitPosition, next.txOffset, reader.minTxOffset);
      }
      const commit = currentFormatCommit(reader);
      parts.push(commit.slice());
      length += commit.length;
      next = { txOffset: end, place: { segment, position: reader.position } };
    }
  }
  if (length > 0) {
    return { firstTxOffset: from.txOffset, endTxOffset: next.txOffset, commits: joined(parts, length), next };
  }
  const problem = 'the log ends before it';
  throw (
    brokenEnd ?? new CommitLogError('LOG_DAMAGED', `${folder}: tx offset ${from.txOffset} cannot be read: ${problem}`)
  );
}

/** A segment can be removed after it was listed. */
async function openSegment(fs: FileSystem, folder: string, segment: number): Promise<SegmentReader | undefined> {
  try {
    return await SegmentReader.open(fs, folder, segment);
  } catch (cause) {
    if (cause instanceof CommitLogError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CommitLogError('LOG_READ_FAILED', `${segmentPath(folder, segment)}: ${reason}`, { cause });
  }
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
