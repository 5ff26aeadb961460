/** Reads a claims file: YAML from anywhere, checked field by field before anything is judged by it. */

import { basename } from 'node:path';
import { messageOf, usageError } from '../../errors.ts';
import { readNamed } from '../../session/files.ts';
import { parseStrictYaml } from '../../strict-yaml.ts';
import { type Claim, claimsFileSchema } from './schema.ts';

export interface ClaimsFile {
  readonly file: string;
  readonly title: string;
  readonly claims: readonly Claim[];
}

/** More than any list of claims needs. */
const MOST_BYTES = 1 << 20;

/** Throws a usage error that names the file, the claim, the field and its value. */
export function readClaims(file: string): ClaimsFile {
  const content = parseYaml(file, readText(file));
  const checked = claimsFileSchema.safeParse(content);
  if (!checked.success) throw refusal(file, content, checked.error.issues);
  const { claims, title } = checked.data;
  const twice = claims.find(({ id }, index) => claims.findIndex((other) => other.id === id) < index);
  if (twice !== undefined)
    throw usageError(`${file}: two claims have the same id.`, twice.id, 'a different id for each');
  return { file, title: title ?? basename(file), claims };
}

function readText(file: string): string {
  try {
    return readNamed(file, MOST_BYTES);
  } catch (error) {
    throw usageError(`The claims file can't be read: ${messageOf(error)}`, file, '--claims with a YAML file');
  }
}

function parseYaml(file: string, text: string): unknown {
  try {
    return parseStrictYaml(text);
  } catch (error) {
    throw usageError(`The claims file is not valid YAML: ${messageOf(error).slice(0, 300)}`, file);
  }
}

interface Issue {
  readonly code?: string | undefined;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly keys?: readonly string[];
}

function refusal(file: string, content: unknown, issues: readonly Issue[]): Error {
  const [issue] = issues;
  const path = issue?.path ?? [];
  const [first, index, ...rest] = path;
  const inClaim = first === 'claims' && typeof index === 'number';
  const id = inClaim ? at(content, ['claims', index, 'id']) : undefined;
  const place = inClaim ? [typeof id === 'string' ? `claim "${id.slice(0, 60)}"` : `claim ${index + 1}`] : [];
  const field = (inClaim ? rest : path).map(String).join('.');
  const what = [file, ...place, ...(field === '' ? [] : [field])].join(': ');
  const keys = issue?.code === 'unrecognized_keys' ? ` (${issue.keys?.join(', ')})` : '';
  const more = issues.length > 1 ? `; ${issues.length - 1} more` : '';
  const value = JSON.stringify(at(content, path))?.slice(0, 120) ?? 'nothing';
  return usageError(`${what}: ${issue?.message}${keys}${more}`, value, 'docs/claims.md, or claims/claims.schema.json');
}

function at(content: unknown, path: readonly PropertyKey[]): unknown {
  let value = content;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}
