/** Kubernetes' own definitions (test/data/), and what of an object is not as they say. */

import { readFileSync } from 'node:fs';

export const KUBERNETES_VERSION = '1.30';

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: string;
  readonly enum?: readonly string[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | false;
}

const file = new URL(`../data/kubernetes-${KUBERNETES_VERSION}.json`, import.meta.url);
const { definitions } = JSON.parse(readFileSync(file, 'utf8')) as { definitions: Readonly<Record<string, Schema>> };

/** None for a valid object of a known kind. */
export function kubernetesProblems(object: { readonly kind: string; readonly apiVersion: string }): string[] {
  const schema = definitions[object.kind];
  const { kind, apiVersion } = schema?.properties ?? {};
  if (schema === undefined || kind?.const !== object.kind || apiVersion?.const !== object.apiVersion) {
    return [`there is no ${object.kind} of ${object.apiVersion}`];
  }
  return problemsOf(object, schema, object.kind);
}

function problemsOf(value: unknown, schema: Schema, path: string): string[] {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.replace('#/definitions/', '');
    const found = definitions[name];
    return found === undefined ? [`${path}: there is no definition of ${name}`] : problemsOf(value, found, path);
  }
  const types = schema.type === undefined ? undefined : [schema.type].flat();
  if (types !== undefined && !types.includes(typeOf(value))) return [`${path} is no ${types.join(' or ')}`];
  if (schema.const !== undefined && value !== schema.const) return [`${path} is not ${schema.const}`];
  if (schema.enum?.includes(value as string) === false) return [`${path} is none of ${schema.enum.join(', ')}`];
  if (Array.isArray(value)) {
    return value.flatMap((one, index) => problemsOf(one, schema.items ?? {}, `${path}.${index}`));
  }
  return typeof value === 'object' && value !== null ? problemsIn(value, schema, path) : [];
}

function problemsIn(value: object, schema: Schema, path: string): string[] {
  if (schema.type === undefined) return [];
  const { properties = {}, required = [], additionalProperties } = schema;
  const missing = required.filter((name) => !Object.hasOwn(value, name)).map((name) => `${path}.${name} is missing`);
  const wrong = Object.entries(value).flatMap(([name, one]) => {
    const known = Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
    return known ? problemsOf(one, known, `${path}.${name}`) : [`${path}.${name} is not known`];
  });
  return [...missing, ...wrong];
}

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (value === null) return 'null';
  return Number.isInteger(value) ? 'integer' : typeof value;
}
