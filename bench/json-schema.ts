/** What the JSON Schemas of Boxmark's files have in common. */

/**
 * The same schema with one type to a node, as validators in strict mode want it: a list of types becomes `anyOf`, in which
 * only the types that a rule is for have it.
 */
export function oneTypeEach(schema: unknown): unknown {
  return mapped(schema, ({ type, ...rules }) => {
    if (!Array.isArray(type)) return type === undefined ? rules : { type, ...rules };
    const { description, ...own } = rules;
    const words = description === undefined ? {} : { description };
    return { ...words, anyOf: type.map((one) => (one === 'null' ? { type: one } : { type: one, ...own })) };
  });
}

type Node = Readonly<Record<string, unknown>>;

/** Every object in it, the inner ones first. */
export function mapped(schema: unknown, change: (node: Node) => Node): unknown {
  if (Array.isArray(schema)) return schema.map((one) => mapped(one, change));
  if (typeof schema !== 'object' || schema === null) return schema;
  return change(Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, mapped(value, change)])));
}

/** The name by which a validator knows a schema, which is no address: `urn:boxmark:schema:plan`. */
export function schemaId(name: string): string {
  return `urn:boxmark:schema:${name}`;
}
