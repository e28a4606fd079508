import type { CompiledQuery, DatabaseCalls, Schema, SqlFragment } from '@lightcone/local';
import { useEffect, useState } from 'react';

/** The rows of a query, now and whenever they change; `undefined` until they are there. Keep `query` the same object. */
export function useQuery<Row>(
  db: Pick<DatabaseCalls<Schema>, 'subscribe'>,
  query: SqlFragment<Row> | CompiledQuery,
): readonly Row[] | undefined {
  const [rows, setRows] = useState<readonly Row[]>();
  useEffect(() => {
    const subscription = db.subscribe(query, { onRows: setRows });
    return () => subscription.stop();
  }, [db, query]);
  return rows;
}
