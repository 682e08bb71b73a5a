/** What lint is told about a whole project; a single statement is allowed by a comment that gives a reason. */
export interface LintOptions {
  /** Rules that are not asked, by their names. Default: none. */
  readonly off?: ReadonlyArray<string> | undefined
}
