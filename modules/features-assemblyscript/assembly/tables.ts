// Tables of other kinds: private, of events, without a key, with defaults.

import { defaultValue, Option, primaryKey, reducer, ReducerContext, table } from '@lightcone/sdk-assemblyscript';
import { expect } from './answer';
import { Color } from './types';

/** Only the owner can read it. */
@table({})
export class Secret {
  @primaryKey
  id: u32;
  text: string;
}

/** Its rows reach subscribers and are gone. */
@table({ access: 'public', event: true })
export class Pulse {
  strength: u32;
}

/** Without a unique column: equal rows are one row. */
@table({ access: 'public' })
export class Word {
  text: string;
  length: u32;
}

export function newWord(text: string): Word {
  return { text, length: String.UTF8.byteLength(text) };
}

/** What rows get in these columns that are older than the columns. */
@table({ access: 'public' })
export class Setting {
  @primaryKey
  key: string;
  @defaultValue(true)
  enabled: bool;
  @defaultValue(7)
  volume: u8;
  @defaultValue(-1)
  offset: i64;
  @defaultValue(0.5)
  ratio: f64;
  @defaultValue('none')
  note: string;
  @defaultValue(null)
  limit: Option<u32>;
  @defaultValue(Color.Green)
  color: Color;
}

export class Tables {
  @reducer
  static keepSecret(ctx: ReducerContext, id: u32, text: string): void {
    ctx.db.secret.insert({ id, text });
  }

  /** Inside of the transaction an event table is a table like others. */
  @reducer
  static sendPulses(ctx: ReducerContext, count: u32): void {
    const pulses = ctx.db.pulse;
    expect(pulses.count() == 0, 'events of former transactions are gone');
    for (let strength: u32 = 1; strength <= count; strength++) pulses.insert({ strength });
    expect(pulses.iter().count() == count, 'the events of this transaction are there');
  }

  @reducer
  static putSetting(ctx: ReducerContext, key: string, volume: u8): void {
    ctx.db.setting.key.insertOrUpdate({
      key,
      enabled: false,
      volume,
      offset: 0,
      ratio: 0.0,
      note: '',
      limit: Option.some<u32>(1),
      color: Color.Red,
    });
  }

  /** Replaces all words: equal ones, a great many, one that is longer than any buffer. Leaves `one` and `two`. */
  @reducer
  static checkWords(ctx: ReducerContext): void {
    const words = ctx.db.word;
    words.clear();
    const texts = ['one', 'two', 'one'];
    for (const text of texts) words.insert(newWord(text));
    expect(words.count() == 2, 'equal rows are one');

    const long = newWord('x'.repeat(300_000));
    words.insert(long);
    let isFound = false;
    for (const word of words.iter()) {
      if (word.text == long.text) isFound = true;
    }
    expect(isFound, 'a long row is read whole');
    expect(words.delete(long), 'a long row is deleted by its value');

    for (let number = 0; number < 5_000; number++) words.insert(newWord(`word ${number}`));
    expect(words.iter().count() == 5_002, 'many rows are read to the end');
    expect(words.clear() == 5_002, 'clearing tells how many there were');
    words.insert(newWord('one'));
    words.insert(newWord('two'));
  }
}
