// Tables of other kinds, used.

#include "tables.h"

#include "answer.h"

SPACETIMEDB_REDUCER(keep_secret, ReducerContext ctx, uint32_t id, std::string text) {
  ctx.db[secret].insert({id, text});
  return Ok();
}

// Inside of the transaction an event table is a table like others.
SPACETIMEDB_REDUCER(send_pulses, ReducerContext ctx, uint32_t count) {
  Expectations expect;
  expect(ctx.db[pulse].count() == 0, "events of former transactions are gone");
  for (uint32_t strength = 1; strength <= count; strength++) ctx.db[pulse].insert({strength});
  expect(ctx.db[pulse].iter().count() == count, "the events of this transaction are there");
  return expect.result();
}

SPACETIMEDB_REDUCER(put_setting, ReducerContext ctx, std::string key, uint8_t volume) {
  ctx.db[setting_key].insert_or_update({key, false, volume, 0, 0.0, "", 1, Color::Red});
  return Ok();
}

// Replaces all words: equal ones, a great many, one that is longer than any buffer. Leaves `one` and `two`.
SPACETIMEDB_REDUCER(check_words, ReducerContext ctx) {
  Expectations expect;
  auto words = ctx.db[word];
  words.clear();
  for (std::string text : {"one", "two", "one"}) words.insert(new_word(text));
  expect(words.count() == 2, "equal rows are one");

  Word long_word = new_word(std::string(300'000, 'x'));
  words.insert(long_word);
  uint32_t found = 0;
  for (const Word& row : words) found += row.text == long_word.text;
  expect(found == 1, "a long row is read whole");
  expect(words.remove(long_word), "a long row is deleted by its value");

  for (uint32_t number = 0; number < 5'000; number++) words.insert(new_word(text("word ", number)));
  expect(words.iter().count() == 5'002, "many rows are read to the end");
  expect(words.clear() == 5'002, "clearing tells how many there were");
  words.insert(new_word("one"));
  words.insert(new_word("two"));
  return expect.result();
}
