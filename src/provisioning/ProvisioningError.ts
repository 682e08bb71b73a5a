/** Why a server could not be provisioned. What the server refuses is a `DatabaseError`. */
import * as Schema from "effect/Schema"
import { sayWrong } from "../config/internal/options.ts"

/** A name that PostgreSQL would cut off or refuse. */
export class InvalidName extends Schema.TaggedError<InvalidName>()("InvalidName", {
  name: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `the name ${JSON.stringify(this.name)} ${this.problem}: choose a name of 1 to 63 bytes`
  }
}

/** An option, or a part of the desired state, that does not exist, has a wrong type or is missing. */
export class InvalidOption extends Schema.TaggedError<InvalidOption>()("InvalidOption", {
  /** The function that was given it. */
  of: Schema.String,
  /** `undefined` when what was given for the options is none. */
  option: Schema.UndefinedOr(Schema.String),
  problem: Schema.String,
  accepted: Schema.String
}) {
  override get message() {
    return sayWrong(this.of, this)
  }
}

/** Another provisioner works on the same server. */
export class ProvisionerBusy extends Schema.TaggedError<ProvisionerBusy>()("ProvisionerBusy", {
  holder: Schema.String
}) {
  override get message() {
    return `the server is being provisioned by another process (${this.holder}): wait for it, or end that session`
  }
}

/** Only an administrator's URL can provision. */
export class AdministratorMissing extends Schema.TaggedError<AdministratorMissing>()("AdministratorMissing", {
  variable: Schema.String
}) {
  override get message() {
    return `${this.variable} is not set: give the URL of a role that may create roles and databases`
  }
}

/** PostgreSQL took the statements and changed nothing: a GRANT by somebody who may not is only a warning there. */
export class NotEstablished extends Schema.TaggedError<NotEstablished>()("NotEstablished", {
  objects: Schema.Array(Schema.String)
}) {
  override get message() {
    return (
      `the administrator may not make these so: ${this.objects.join("; ")}: ` +
      "run this as a superuser, or as the owner of what they are about"
    )
  }
}

export class ProvisioningError extends Schema.TaggedError<ProvisioningError>()("ProvisioningError", {
  reason: Schema.Union([InvalidName, InvalidOption, ProvisionerBusy, AdministratorMissing, NotEstablished])
}) {
  override get message() {
    return this.reason.message
  }
}
