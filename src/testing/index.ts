/** For tests: a PostgreSQL server without an installation, and a fresh database for each test file. */
export { EmbeddedPostgres, type EmbeddedPostgresOptions } from "./EmbeddedPostgres.ts"
export { EmbeddedPostgresError } from "./EmbeddedPostgresError.ts"
export { type TemplateOptions, type TemplateServices, TestDatabase, type TestDatabaseOptions } from "./TestDatabase.ts"
export { TestDatabaseError } from "./TestDatabaseError.ts"
