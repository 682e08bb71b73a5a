/** Rows that the schema refuses. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { define, type ReasonTraits, serverReason } from "./reasonClass.ts"
import { byConstraint, columnList, tableOf } from "./wording.ts"

/** The constrained columns, from the server's detail; empty where it shows none (the role may not read them). */
const columns = Schema.Array(Schema.String).pipe(Schema.withConstructorDefault(Effect.succeed([])))

/** A row with the same key is there already (23505). */
export class UniqueViolation extends Schema.TaggedError<UniqueViolation, ReasonTraits>("pgkeel/error/UniqueViolation")(
  "UniqueViolation",
  { ...serverReason("23505"), columns }
) {
  static {
    define(this, {
      code: "PGK2001",
      message: (reason) =>
        `a row with the same key${columnList(reason.columns)} is already in ${tableOf(reason)}${byConstraint(reason)}; use another key, or INSERT ... ON CONFLICT`
    })
  }
}

/**
 * A row refers to one that is not there, or one that others refer to was to be
 * removed (23503, 23001).
 */
export class ForeignKeyViolation extends Schema.TaggedError<ForeignKeyViolation, ReasonTraits>(
  "pgkeel/error/ForeignKeyViolation"
)("ForeignKeyViolation", { ...serverReason("23503"), columns }) {
  static {
    define(this, {
      code: "PGK2002",
      message: (reason) =>
        `a foreign key of ${tableOf(reason)}${byConstraint(reason)} does not hold for key${columnList(reason.columns)}; write the referenced row first, or remove the referring rows first`
    })
  }
}

/** A column that must have a value was given none (23502). */
export class NotNullViolation extends Schema.TaggedError<NotNullViolation, ReasonTraits>(
  "pgkeel/error/NotNullViolation"
)("NotNullViolation", serverReason("23502")) {
  static {
    define(this, {
      code: "PGK2003",
      message: (reason) =>
        `${reason.column === undefined ? "a column" : `column ${reason.column}`} of ${tableOf(reason)} must not be null; give it a value`
    })
  }
}

/** A row breaks a CHECK constraint, a domain's, or a view's WITH CHECK OPTION (23514, 44000). */
export class CheckViolation extends Schema.TaggedError<CheckViolation, ReasonTraits>("pgkeel/error/CheckViolation")(
  "CheckViolation",
  serverReason("23514")
) {
  static {
    define(this, {
      code: "PGK2004",
      message: (reason) =>
        `a row of ${tableOf(reason)} breaks a check${byConstraint(reason)}; send values that meet its condition`
    })
  }
}

/** A row overlaps with another that an EXCLUDE constraint keeps apart from it (23P01). */
export class ExclusionViolation extends Schema.TaggedError<ExclusionViolation, ReasonTraits>(
  "pgkeel/error/ExclusionViolation"
)("ExclusionViolation", { ...serverReason("23P01"), columns }) {
  static {
    define(this, {
      code: "PGK2005",
      message: (reason) =>
        `a row of ${tableOf(reason)} conflicts with another${columnList(reason.columns)}${byConstraint(reason)}; choose values that do not overlap`
    })
  }
}
