/** The shipped schemas, as validators in strict mode want them. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { oneTypeEach } from '../../bench/json-schema.ts';

const ROOT = join(import.meta.dirname, '..', '..');

function typesOf(node: unknown): unknown[] {
  if (typeof node !== 'object' || node === null) return [];
  const own = 'type' in node && typeof node.type !== 'object' ? [node.type] : [];
  const lists = 'type' in node && Array.isArray(node.type) ? [node.type] : [];
  return [...own, ...lists, ...Object.values(node).flatMap(typesOf)];
}

describe.each([
  'schemas/plan.schema.json',
  'schemas/summary.schema.json',
  'schemas/lines.schema.json',
  'schemas/inventory.schema.json',
  'schemas/fleet.schema.json',
  'claims/claims.schema.json',
])('%s', (file) => {
  it('has a name of its own', () => {
    const [, name] = /(\w+)\.schema/.exec(file) ?? [];
    expect(JSON.parse(readFileSync(join(ROOT, file), 'utf8'))).toMatchObject({ $id: `urn:boxmark:schema:${name}` });
  });

  it('has one type to a node', () => {
    const types = typesOf(JSON.parse(readFileSync(join(ROOT, file), 'utf8')));
    expect(types.length).toBeGreaterThan(10);
    expect(types.filter((type) => typeof type !== 'string')).toEqual([]);
  });
});

it('a list of types becomes a choice, with the rules where they apply', () => {
  expect(oneTypeEach({ type: ['string', 'null'], minLength: 1, description: 'a name' })).toEqual({
    description: 'a name',
    anyOf: [{ type: 'string', minLength: 1 }, { type: 'null' }],
  });
  // A property may be called type.
  const named = { type: 'object', properties: { type: { type: 'string' } } };
  expect(oneTypeEach(named)).toEqual(named);
});
