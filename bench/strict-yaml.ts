/** YAML of files that somebody writes by hand, and that may be a stranger's: no warning passes, and aliases have an end. */

import { parseDocument } from 'yaml';

/** Each may stand for a whole branch. */
const MOST_ALIASES = 100;

/** Throws the first error or warning of the parser. */
export function parseStrictYaml(text: string): unknown {
  const document = parseDocument(text, { prettyErrors: true });
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) throw problem;
  return document.toJS({ maxAliasCount: MOST_ALIASES });
}
