import type { Row } from '../src/embedded/row.ts';

/** The rows of the tables of `modules/views`. */
export type Tables = Readonly<Record<TableName, readonly Row[]>>;
export type TableName = 'player' | 'team' | 'score';
export const TABLE_NAMES: readonly TableName[] = ['player', 'team', 'score'];

/** A view of `modules/views`, said as plainly as possible. */
export interface ModelView {
  readonly name: string;
  readonly isAnonymous: boolean;
  /** Its rows for a caller, duplicates not removed; throws where the view fails. */
  readonly rows: (read: Reads, me: bigint) => readonly Row[];
}

/** Answers what a view asks for and remembers what that was. */
export class Reads {
  readonly #tables: Tables;
  readonly #whole = new Set<TableName>();
  readonly #points: { readonly table: TableName; readonly column: string; readonly value: string }[] = [];

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  all(table: TableName): readonly Row[] {
    this.#whole.add(table);
    return this.#tables[table];
  }

  by(table: TableName, column: string, value: unknown): readonly Row[] {
    this.#points.push({ table, column, value: plain(value) });
    return this.#tables[table].filter((row) => plain(row[column]) === plain(value));
  }

  /** Whether something that was read is different now. */
  isTouchedBy(next: Tables): boolean {
    return TABLE_NAMES.some((table) => {
      const before = new Set(this.#tables[table].map(plain));
      const after = new Set(next[table].map(plain));
      const changed = [...this.#tables[table], ...next[table]].filter(
        (row) => before.has(plain(row)) !== after.has(plain(row)),
      );
      if (changed.length === 0) return false;
      if (this.#whole.has(table)) return true;
      return this.#points.some((point) => {
        return point.table === table && changed.some((row) => plain(row[point.column]) === point.value);
      });
    });
  }
}

/** Equal for equal values. */
export function plain(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part));
}

const identity = (value: bigint): Row => ({ __identity__: value });
const nameOf = (row: Row): Row => ({ name: row['name']! });
const isOddGame = (row: Row): boolean => row['game'] === "it's odd" || row['game'] === 'very odd';
const points = (row: Row): number => row['points'] as number;
const level = (row: Row): number => row['level'] as number;

function ownPlayer(read: Reads, me: bigint): readonly Row[] {
  return read.by('player', 'identity', identity(me));
}

/** `strongest_player` is left out: of equals it may show any. */
export const MODEL_VIEWS: readonly ModelView[] = [
  {
    name: 'player_count',
    isAnonymous: true,
    rows: (read) => [{ players: BigInt(read.all('player').length), teams: BigInt(read.all('team').length) }],
  },
  { name: 'all_names', isAnonymous: true, rows: (read) => read.all('player').map(nameOf) },
  { name: 'beginners', isAnonymous: true, rows: (read) => read.all('player').filter((row) => level(row) < 10) },
  {
    name: 'high_scores',
    isAnonymous: true,
    rows: (read) => read.all('score').filter((row) => row['game'] === 'chess' && points(row) >= 100),
  },
  {
    name: 'red_team',
    isAnonymous: true,
    rows: (read) =>
      read.by('team', 'name', 'red').flatMap((team) => read.by('player', 'team_id', team['id']).map(nameOf)),
  },
  {
    name: 'teams_with_players',
    isAnonymous: true,
    rows: (read) => read.all('player').flatMap((player) => read.by('team', 'id', player['team_id']).map(nameOf)),
  },
  { name: 'nobody', isAnonymous: true, rows: () => [] },
  {
    name: 'fragile',
    isAnonymous: true,
    rows: (read) => {
      const names = read.all('player').map(nameOf);
      if (names.some((row) => row['name'] === 'panic')) throw new Error('somebody is called panic');
      return names;
    },
  },
  { name: 'my_player', isAnonymous: false, rows: ownPlayer },
  {
    name: 'my_scores',
    isAnonymous: false,
    rows: (read, me) => ownPlayer(read, me).flatMap((player) => read.by('score', 'player_id', player['id'])),
  },
  {
    name: 'my_team_mates',
    isAnonymous: false,
    rows: (read, me) =>
      ownPlayer(read, me)
        .flatMap((player) => read.by('player', 'team_id', player['team_id']))
        .filter((mate) => plain(mate['identity']) !== plain(identity(me)))
        .map(nameOf),
  },
  { name: 'me', isAnonymous: false, rows: (_, me) => [{ identity: identity(me) }] },
  { name: 'all_teams', isAnonymous: true, rows: (read) => read.all('team') },
  {
    name: 'veterans',
    isAnonymous: true,
    rows: (read) => read.all('player').filter((row) => level(row) >= 50 && row['is_online'] === true),
  },
  {
    name: 'odd_scores',
    isAnonymous: true,
    rows: (read) =>
      read
        .all('score')
        .filter((row) => isOddGame(row) && points(row) > -5 && points(row) <= 5 && points(row) !== 0)
        .filter((row) => points(row) < 4 || points(row) >= 5),
  },
  {
    name: 'my_player_by_query',
    isAnonymous: false,
    rows: (read, me) => read.all('player').filter((row) => plain(row['identity']) === plain(identity(me))),
  },
  {
    name: 'teams_by_players',
    isAnonymous: true,
    rows: (read) => {
      const players = read.all('player');
      const isPlayed = (team: Row): boolean => players.some((player) => player['team_id'] === team['id']);
      return read.all('team').filter((team) => team['is_open'] === true && isPlayed(team));
    },
  },
  {
    name: 'scores_of_veterans',
    isAnonymous: true,
    rows: (read) => {
      const veterans = new Set(read.all('player').filter((row) => level(row) >= 50).map((row) => row['id'])); // prettier-ignore
      return read.all('score').filter((row) => veterans.has(row['player_id']) && points(row) > 0);
    },
  },
  {
    name: 'teams_or_open_teams',
    isAnonymous: false,
    rows: (read, me) => {
      const isPlayer = ownPlayer(read, me).length > 0;
      return read.all('team').filter((team) => isPlayer || team['is_open'] === true);
    },
  },
];
