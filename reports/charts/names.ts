/** Names of environments as charts write them: short, in one line, no two the same. */

import { clean, cut, displayWidth } from '../text.ts';

const LONGEST = 30;

/** By path. A long path keeps its end, which is more specific than its beginning. */
export function chartNames(environments: readonly { readonly path: string; readonly alias?: string | null }[]) {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  for (const { path, alias } of environments) {
    const name = shortened(clean(path));
    const whole = alias && displayWidth(name) + alias.length < LONGEST ? `${name} (${clean(alias, 20)})` : name;
    let unique = whole;
    for (let copy = 2; taken.has(unique); copy++) unique = `${whole} #${copy}`;
    taken.add(unique);
    names.set(path, unique);
  }
  return names;
}

function shortened(name: string): string {
  if (displayWidth(name) <= LONGEST) return name;
  const parts = name.split('/');
  const last = parts.at(-1) ?? '';
  const tail = parts.length > 1 && displayWidth(last) < LONGEST / 2 ? `/${last}` : '';
  return cut(name, LONGEST - displayWidth(tail)) + tail;
}
