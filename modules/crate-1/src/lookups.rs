//! Indexes in reducers, views, and a procedure.

use spacetimedb::{
    procedure, reducer, table, view, AnonymousViewContext, ProcedureContext, Query, ReducerContext, Table, ViewContext,
};

use crate::{book, book__query, book__view, reader__view, Book, Genre, Reader};

/// The titles that the last search found, one a line.
#[table(name = finding, public)]
pub struct Finding {
    #[primary_key]
    search: String,
    titles: String,
}

#[reducer]
pub fn search(ctx: &ReducerContext, genre: Genre, from_year: i32, author: String, shelf_mark: u16) {
    let books = ctx.db.book();
    find(ctx, "genre and years", books.by_genre_and_year().filter((genre, from_year..)));
    find(ctx, "author", books.by_author().filter(&author));
    find(ctx, "shelf mark", books.shelf_mark().find(shelf_mark).into_iter());
}

fn find(ctx: &ReducerContext, search: &str, books: impl Iterator<Item = Book>) {
    let mut titles: Vec<String> = books.map(|book| book.title).collect();
    titles.sort();
    ctx.db.finding().search().delete(search.to_string());
    ctx.db.finding().insert(Finding { search: search.to_string(), titles: titles.join("\n") });
}

/// The procedure's caller gets an answer without anything being written.
#[procedure]
pub fn count_books(ctx: &mut ProcedureContext, by: String) -> u64 {
    ctx.with_tx(|tx| tx.db.book().by_author().filter(&by).count() as u64)
}

#[view(name = my_reader, public)]
fn my_reader(ctx: &ViewContext) -> Option<Reader> {
    ctx.db.reader().identity().find(ctx.sender)
}

#[view(name = books_by_goethe, public)]
fn books_by_goethe(ctx: &AnonymousViewContext) -> Vec<Book> {
    ctx.db.book().by_author().filter("Goethe").collect()
}

#[view(name = old_books, public)]
fn old_books(ctx: &AnonymousViewContext) -> Query<Book> {
    ctx.from.book().r#where(|book| book.year.lt(1900)).build()
}
