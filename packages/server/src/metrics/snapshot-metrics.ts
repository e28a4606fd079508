import type { DatabaseMetrics } from '@lightcone/engine';
import type { ScrapedMetrics } from './scraped-metrics.ts';

/** What databases tell of their snapshots. */
export class SnapshotMetrics {
  readonly #snapshots;
  readonly #seconds;
  readonly #bytes;
  readonly #offset;

  constructor(scraped: ScrapedMetrics) {
    this.#snapshots = scraped.counter('lightcone_snapshots_total', 'Snapshots: taken, or failed.', 'db', 'outcome');
    this.#seconds = scraped.counter(
      'lightcone_snapshot_seconds_total',
      'Time from the beginning of a snapshot until it was verified, added up.',
      'db',
    );
    this.#bytes = scraped.counter('lightcone_snapshot_written_bytes_total', 'Bytes that snapshots wrote.', 'db');
    this.#offset = scraped.gauge('lightcone_snapshot_tx_offset', 'Last transaction of the newest snapshot.', 'db');
  }

  read(db: string, snapshots: NonNullable<DatabaseMetrics['snapshots']>): void {
    const { taken, failed, lastTxOffset, writtenBytes, totalNanos } = snapshots;
    this.#snapshots.inc({ db, outcome: 'taken' }, taken);
    this.#snapshots.inc({ db, outcome: 'failed' }, failed);
    this.#seconds.inc({ db }, totalNanos / 1e9);
    this.#bytes.inc({ db }, writtenBytes);
    if (lastTxOffset >= 0) this.#offset.set({ db }, lastTxOffset);
  }
}
