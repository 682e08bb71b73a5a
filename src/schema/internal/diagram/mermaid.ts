/**
 * A diagram as a Mermaid `erDiagram`.
 *
 * Its grammar is narrow: an entity's name in quotes may hold no quote, percent
 * sign, backslash or line break, an attribute's name and type are one word of
 * letters, digits and few signs, and `PK`, `FK` and `UK` are no words at all. What
 * does not fit is written as near as can be, and as it is in the comment beside it.
 */
import type { Entity, Field, Model, Relation } from "./model.ts"
import { marksOf, titleOf } from "./model.ts"
import { printable } from "./xml.ts"

/** What may stand between quotes. Markdown and entities of HTML are drawn, not shown, so their signs are not kept. */
const quoted = (text: string): string => {
  const fitting = printable(text)
    .replaceAll('"', "'")
    .replace(/[%\\]/g, "/")
    .replace(/[<>#;&`]/g, "_")
  // Mermaid takes a blank name, and then fails to draw it.
  return `"${fitting.trim() === "" ? "_" : fitting}"`
}

/** One word of the grammar. */
const word = (text: string): string => {
  const fitting = printable(text)
    .replaceAll("\u00d7", "x")
    .replace(/[^A-Za-z0-9_[\]()\u00c0-\uffff-]/g, "_")
  const begun = /^[A-Za-z_\u00c0-\uffff]/.test(fitting) ? fitting : `_${fitting}`
  return /^(?:pk|fk|uk)(?!\w)/i.test(begun) ? `_${begun}` : begun
}

const attribute = (field: Field): string => {
  const [type, name] = [word(field.type), word(field.name)]
  const keys = marksOf(field)
  const remarks = [
    ...(name === field.name ? [] : [field.name]),
    ...(type === field.type ? [] : [field.type]),
    ...(field.nullable ? ["null"] : [])
  ]
  const comment = remarks.length === 0 ? [] : [quoted(remarks.join(", "))]
  return `    ${[type, name, ...(keys.length === 0 ? [] : [keys.join(", ")]), ...comment].join(" ")}`
}

/** A name for each entity that no other has, whatever became of its signs. */
const namesOf = (model: Model): ReadonlyMap<Entity, string> => {
  const names = new Map<Entity, string>()
  const taken = new Set<string>()
  for (const entity of model.entities) {
    const title = titleOf(model, entity).join("")
    let name = quoted(title)
    for (let number = 2; taken.has(name); number++) name = quoted(`${title} (${number})`)
    taken.add(name)
    names.set(entity, name)
  }
  return names
}

const entityOf = (entity: Entity, name: string): ReadonlyArray<string> =>
  entity.fields.length === 0 ? [`  ${name}`] : [`  ${name} {`, ...entity.fields.map(attribute), "  }"]

const relationOf = (relation: Relation, names: ReadonlyMap<Entity, string>): string => {
  const sign = `${relation.optional ? "|o" : "||"}--${relation.unique ? "o|" : "o{"}`
  const label = quoted(relation.columns.join(", "))
  return `  ${names.get(relation.to)} ${sign} ${names.get(relation.from)} : ${label}`
}

/** Front matter is YAML: JSON's way to write a text is one of YAML's. */
const heading = (title: string | undefined): ReadonlyArray<string> =>
  title === undefined ? [] : ["---", `title: ${JSON.stringify(printable(title))}`, "---"]

export const mermaid = (model: Model, title: string | undefined): string => {
  const names = namesOf(model)
  return [
    ...heading(title),
    "erDiagram",
    ...model.entities.flatMap((entity) => entityOf(entity, names.get(entity) ?? "")),
    ...model.relations.map((relation) => relationOf(relation, names)),
    ""
  ].join("\n")
}
