//! Rows that only some may see: each filter is a query whose rows a client gets of a table that is public otherwise. The
//! owner sees everything. The crate has filters among its unstable features.

use spacetimedb::{client_visibility_filter, Filter, Identity, ReducerContext, Table};

/// One rule: everybody sees their own.
#[spacetimedb::table(accessor = diary, public)]
pub struct Diary {
    #[primary_key]
    #[auto_inc]
    id: u64,
    #[index(btree)]
    owner: Identity,
    text: String,
}

#[client_visibility_filter]
const OWN_DIARY: Filter = Filter::Sql("SELECT * FROM diary WHERE owner = :sender");

/// Two rules: a row that both admit comes once.
#[spacetimedb::table(accessor = article, public)]
pub struct Article {
    #[primary_key]
    #[auto_inc]
    id: u64,
    #[index(btree)]
    author: Identity,
    is_published: bool,
    text: String,
}

#[client_visibility_filter]
const OWN_ARTICLES: Filter = Filter::Sql("SELECT * FROM article WHERE author = :sender");

#[client_visibility_filter]
const PUBLISHED_ARTICLES: Filter = Filter::Sql("SELECT * FROM article WHERE is_published = true");

/// A rule that joins another table: the messages of one's channels. The joined table has a rule of its own.
#[spacetimedb::table(accessor = message, public)]
pub struct Message {
    #[primary_key]
    #[auto_inc]
    id: u64,
    #[index(btree)]
    channel: u32,
    text: String,
}

#[spacetimedb::table(accessor = membership, public, index(accessor = by_both, btree(columns = [member, channel])))]
pub struct Membership {
    #[primary_key]
    #[auto_inc]
    id: u64,
    member: Identity,
    #[index(btree)]
    channel: u32,
}

#[client_visibility_filter]
const MESSAGES_OF_OWN_CHANNELS: Filter = Filter::Sql(
    "SELECT message.* FROM message JOIN membership ON message.channel = membership.channel
     WHERE membership.member = :sender",
);

#[client_visibility_filter]
const OWN_MEMBERSHIPS: Filter = Filter::Sql("SELECT * FROM membership WHERE member = :sender");

/// A rule that reads a private table: who may see what is nobody's business.
#[spacetimedb::table(accessor = report, public)]
pub struct Report {
    #[primary_key]
    #[auto_inc]
    id: u64,
    #[index(btree)]
    department: String,
    text: String,
}

#[spacetimedb::table(accessor = auditor)]
pub struct Auditor {
    #[primary_key]
    #[auto_inc]
    id: u64,
    identity: Identity,
    #[index(btree)]
    department: String,
}

#[client_visibility_filter]
const REPORTS_FOR_AUDITORS: Filter = Filter::Sql(
    "SELECT report.* FROM report JOIN auditor ON report.department = auditor.department
     WHERE auditor.identity = :sender",
);

/// Without a rule everybody sees everything.
#[spacetimedb::table(accessor = announcement, public)]
pub struct Announcement {
    #[primary_key]
    #[auto_inc]
    id: u64,
    text: String,
}

#[spacetimedb::reducer]
pub fn write_diary(ctx: &ReducerContext, text: String) {
    ctx.db.diary().insert(Diary { id: 0, owner: ctx.sender(), text });
}

#[spacetimedb::reducer]
pub fn write_article(ctx: &ReducerContext, text: String, is_published: bool) {
    ctx.db.article().insert(Article { id: 0, author: ctx.sender(), is_published, text });
}

#[spacetimedb::reducer]
pub fn publish_article(ctx: &ReducerContext, id: u64, is_published: bool) -> Result<(), String> {
    let article = ctx.db.article().id().find(id).ok_or("there is no such article")?;
    ctx.db.article().id().update(Article { is_published, ..article });
    Ok(())
}

#[spacetimedb::reducer]
pub fn give_article_away(ctx: &ReducerContext, id: u64, author: Identity) -> Result<(), String> {
    let article = ctx.db.article().id().find(id).ok_or("there is no such article")?;
    ctx.db.article().id().update(Article { author, ..article });
    Ok(())
}

#[spacetimedb::reducer]
pub fn join_channel(ctx: &ReducerContext, channel: u32) {
    ctx.db.membership().insert(Membership { id: 0, member: ctx.sender(), channel });
}

#[spacetimedb::reducer]
pub fn leave_channel(ctx: &ReducerContext, channel: u32) {
    ctx.db.membership().by_both().delete((ctx.sender(), channel));
}

#[spacetimedb::reducer]
pub fn say(ctx: &ReducerContext, channel: u32, text: String) {
    ctx.db.message().insert(Message { id: 0, channel, text });
}

#[spacetimedb::reducer]
pub fn write_report(ctx: &ReducerContext, department: String, text: String) {
    ctx.db.report().insert(Report { id: 0, department, text });
}

#[spacetimedb::reducer]
pub fn appoint_auditor(ctx: &ReducerContext, identity: Identity, department: String) {
    ctx.db.auditor().insert(Auditor { id: 0, identity, department });
}

#[spacetimedb::reducer]
pub fn dismiss_auditors(ctx: &ReducerContext, department: String) {
    ctx.db.auditor().department().delete(&department);
}

#[spacetimedb::reducer]
pub fn announce(ctx: &ReducerContext, text: String) {
    ctx.db.announcement().insert(Announcement { id: 0, text });
}
