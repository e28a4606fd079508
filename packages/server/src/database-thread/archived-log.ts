/** How much of a database's log the archive has, as far as the database's thread was told. */
export interface ArchivedLog {
  /** The first tx offset that it may not have. */
  before: number;
  /** How many copies are being made for which nothing of the log may go. */
  holds: number;
}
