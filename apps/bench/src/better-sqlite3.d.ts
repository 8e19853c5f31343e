/** better-sqlite3 carries no types; these few lines are all that the baselines use of it. */
declare module "better-sqlite3" {
  namespace Database {
    interface Statement {
      all(...parameters: ReadonlyArray<unknown>): Array<Record<string, unknown>>
      get(...parameters: ReadonlyArray<unknown>): Record<string, unknown> | undefined
      run(...parameters: ReadonlyArray<unknown>): { readonly changes: number }
      raw(arrays: boolean): this
      readonly reader: boolean
    }
  }
  class Database {
    constructor(path: string, options?: { readonly readonly?: boolean; readonly timeout?: number })
    readonly inTransaction: boolean
    prepare(sql: string): Database.Statement
    exec(sql: string): this
    pragma(source: string): unknown
    close(): this
  }
  export default Database
}
