//! A library with readers and loans, built with the official crate's first major version: its definition has another
//! format than that of the second, and its names reach clients as they are written here.
#![allow(non_snake_case)]

mod loans;
mod lookups;

use spacetimedb::{client_visibility_filter, reducer, table, Filter, Identity, ReducerContext, SpacetimeType, Table};

#[derive(SpacetimeType, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Genre {
    Novel,
    Poetry,
    NonFiction,
}

#[table(
    name = book,
    public,
    index(name = by_genre_and_year, btree(columns = [genre, year])),
    index(name = by_author, hash(columns = [author])),
)]
#[derive(Clone)]
pub struct Book {
    #[primary_key]
    #[auto_inc]
    id: u64,
    #[unique]
    title: String,
    author: String,
    genre: Genre,
    year: i32,
    #[unique]
    #[index(direct)]
    shelf_mark: u16,
    #[default(1)]
    copies: u32,
}

#[table(name = reader, public)]
#[derive(Clone)]
pub struct Reader {
    #[primary_key]
    identity: Identity,
    name: Option<String>,
    isHere: bool,
    /// What the reader's token says, if there is one.
    subject: Option<String>,
}

/// Readers see themselves only.
#[client_visibility_filter]
const OWN_READER: Filter = Filter::Sql("SELECT * FROM reader WHERE identity = :sender");

#[reducer(init)]
pub fn open(ctx: &ReducerContext) -> Result<(), String> {
    log::info!("the library {} opens", ctx.identity());
    add_book(ctx, "Faust".to_string(), "Goethe".to_string(), Genre::Poetry, 1808, 1)
}

#[reducer(client_connected)]
pub fn come_in(ctx: &ReducerContext) {
    let subject = ctx.sender_auth().jwt().map(|claims| claims.subject().to_string());
    let readers = ctx.db.reader();
    match readers.identity().find(ctx.sender) {
        Some(reader) => {
            readers.identity().update(Reader { isHere: true, subject, ..reader });
        }
        None => {
            readers.insert(Reader { identity: ctx.sender, name: None, isHere: true, subject });
        }
    }
}

#[reducer(client_disconnected)]
pub fn go(ctx: &ReducerContext) {
    if let Some(reader) = ctx.db.reader().identity().find(ctx.sender) {
        ctx.db.reader().identity().update(Reader { isHere: false, ..reader });
    }
}

#[reducer]
pub fn setName(ctx: &ReducerContext, newName: String) -> Result<(), String> {
    if newName.is_empty() {
        return Err("a name must not be empty".to_string());
    }
    let reader = ctx.db.reader().identity().find(ctx.sender).ok_or("nobody is there")?;
    ctx.db.reader().identity().update(Reader { name: Some(newName), ..reader });
    Ok(())
}

#[reducer]
pub fn add_book(
    ctx: &ReducerContext,
    title: String,
    author: String,
    genre: Genre,
    year: i32,
    shelf_mark: u16,
) -> Result<(), String> {
    let book = Book { id: 0, title, author, genre, year, shelf_mark, copies: 1 };
    ctx.db.book().try_insert(book)?;
    Ok(())
}

#[reducer]
pub fn burn(_ctx: &ReducerContext) {
    panic!("books do not burn");
}
