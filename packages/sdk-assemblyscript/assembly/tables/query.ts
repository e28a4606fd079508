/** A query whose result are rows of one table: what a view may return instead of rows. The database keeps it up to date. */
export class Query<Row> {
  constructor(readonly sql: string) {}
}

/** All rows of a table, or those for which conditions hold. */
@final
export class QueryTable<Row> extends Query<Row> {
  constructor(
    sql: string,
    private hasCondition: bool = false,
  ) {
    super(sql);
  }

  /** Only rows for which a condition in SQL holds, too. */
  where(condition: string): QueryTable<Row> {
    return new QueryTable<Row>(this.sql + (this.hasCondition ? ' AND (' : ' WHERE (') + condition + ')', true);
  }
}
