export { betterSqlite } from './better-sqlite3-driver.ts';
