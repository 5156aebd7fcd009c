/** What is used of a database connection: better-sqlite3's interface, which libsql has too. */
export interface SqlDatabase {
  exec(statement: string): unknown;
  prepare(statement: string): SqlStatement;
  close(): unknown;
}

export interface SqlStatement {
  run(...parameters: readonly unknown[]): unknown;
  get(...parameters: readonly unknown[]): unknown;
  all(...parameters: readonly unknown[]): unknown[];
}
