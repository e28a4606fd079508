import type { DatabaseMetrics } from '@lightcone/engine';
import type { ScrapedMetrics } from './scraped-metrics.ts';

/** What databases tell of their snapshots. */
export class SnapshotMetrics {
  readonly #scraped: ReturnType<typeof declareMetrics>;

  constructor(scraped: ScrapedMetrics) {
    this.#scraped = declareMetrics(scraped);
  }

  read(db: string, snapshots: NonNullable<DatabaseMetrics['snapshots']>): void {
    const { taken, failed, lastTxOffset, writtenBytes, totalNanos } = snapshots;
    this.#scraped.snapshots.inc({ db, outcome: 'taken' }, taken);
    this.#scraped.snapshots.inc({ db, outcome: 'failed' }, failed);
    this.#scraped.seconds.inc({ db }, totalNanos / 1e9);
    this.#scraped.bytes.inc({ db }, writtenBytes);
    if (lastTxOffset >= 0) this.#scraped.offset.set({ db }, lastTxOffset);
  }
}

function declareMetrics(scraped: ScrapedMetrics) {
  return {
    snapshots: scraped.counter('lightcone_snapshots_total', 'Snapshots: taken, or failed.', 'db', 'outcome'),
    seconds: scraped.counter(
      'lightcone_snapshot_seconds_total',
      'Time from the beginning of a snapshot until it was verified, added up.',
      'db',
    ),
    bytes: scraped.counter('lightcone_snapshot_written_bytes_total', 'Bytes that snapshots wrote.', 'db'),
    offset: scraped.gauge('lightcone_snapshot_tx_offset', 'Last transaction of the newest snapshot.', 'db'),
  };
}
