//! Every way to change a table, and what each one answers.

use spacetimedb::{ReducerContext, Table, TryInsertError};

use crate::answer;

#[spacetimedb::table(accessor = book, public)]
#[derive(Clone, Debug, PartialEq)]
pub struct Book {
    #[primary_key]
    #[auto_inc]
    id: u32,
    #[unique]
    title: String,
    #[index(btree)]
    copies: u16,
}

/// No column of it is unique: equal rows are one row.
#[spacetimedb::table(accessor = word, public)]
pub struct Word {
    text: String,
    length: u32,
}

#[spacetimedb::reducer]
pub fn add_books(ctx: &ReducerContext, count: u32) {
    let first = ctx.db.book().count() as u32;
    for number in first..first + count {
        ctx.db.book().insert(Book { id: 0, title: format!("book {number}"), copies: (number % 100) as u16 });
    }
}

/// A line for each change that the crate has.
#[spacetimedb::reducer]
pub fn try_all_changes(ctx: &ReducerContext) {
    let books = ctx.db.book();
    books.clear();
    let mut lines = Vec::new();
    let mut say = |line: String| lines.push(line);

    let first = books.insert(Book { id: 0, title: "A".to_string(), copies: 1 });
    say(format!("an insert answers with the row and its new id: {}", first.id > 0));
    let again = books.try_insert(first.clone());
    say(format!("the same row again is no error and no second row: {} {}", again.is_ok(), books.count()));
    let error = books.try_insert(Book { id: 0, title: "A".to_string(), copies: 2 }).err();
    let is_unique = matches!(error, Some(TryInsertError::UniqueConstraintViolation(_)));
    say(format!("a second title is refused: {is_unique} {}", books.count()));

    let updated = books.id().update(Book { copies: 7, ..first.clone() });
    say(format!("an update by primary key: {} {}", updated.copies, books.count()));
    let renamed = books.id().update(Book { title: "Z".to_string(), ..updated.clone() });
    say(format!(
        "an update of another unique column: {} {}",
        renamed.title,
        books.title().find(&first.title).is_some()
    ));

    let upserted = books.title().insert_or_update(Book { id: 0, title: "B".to_string(), copies: 3 });
    say(format!("insert or update, here an insert: {} {}", upserted.copies, books.count()));
    let upserted = books.title().try_insert_or_update(Book { copies: 4, ..upserted });
    say(format!("insert or update, here an update: {} {}", upserted.is_ok_and(|row| row.copies == 4), books.count()));

    say(format!("deleting a row that is not there: {}", books.delete(first.clone())));
    say(format!("deleting a row: {}", books.delete(renamed)));
    say(format!(
        "deleting by key: {} {}",
        books.title().delete("B".to_string()),
        books.title().delete("B".to_string())
    ));

    let words = ctx.db.word();
    for text in ["one", "two", "one"] {
        words.insert(Word { text: text.to_string(), length: 3 });
    }
    say(format!("equal rows are one: {}", words.count()));
    say(format!("clearing tells how many there were: {} {}", words.clear(), words.clear()));
    answer(ctx, "try_all_changes", lines.join("\n"));
}

/// Clears, looks, fills again: the committed rows that come back unchanged are no change.
#[spacetimedb::reducer]
pub fn clear_and_refill_books(ctx: &ReducerContext) {
    let books: Vec<Book> = ctx.db.book().iter().collect();
    let cleared = ctx.db.book().clear();
    let left = (ctx.db.book().count(), ctx.db.book().copies().filter(0u16..).count());
    for book in books {
        ctx.db.book().insert(book);
    }
    answer(ctx, "clear_and_refill_books", format!("{cleared} {left:?} {}", ctx.db.book().count()));
}

#[spacetimedb::reducer]
pub fn clear_books(ctx: &ReducerContext) {
    answer(ctx, "clear_books", ctx.db.book().clear());
}

#[spacetimedb::reducer]
pub fn clear_books_and_fail(ctx: &ReducerContext) -> Result<(), String> {
    clear_books(ctx);
    Err("the books stay".to_string())
}

/// An update of a row that is not there panics.
#[spacetimedb::reducer]
pub fn update_missing_book(ctx: &ReducerContext) {
    ctx.db.book().id().update(Book { id: u32::MAX, title: "missing".to_string(), copies: 0 });
}
