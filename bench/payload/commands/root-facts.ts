/** What the image of a user's root says of its programs, and acting as the user that it names. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT_FACTS_PATH, type RootFacts } from '../image-files.ts';

/** Undefined where the root is Boxmark's own image. */
export function rootFacts(root: string): RootFacts | undefined {
  let text: string;
  try {
    text = readFileSync(join(root, ROOT_FACTS_PATH), 'utf8');
  } catch {
    return undefined;
  }
  return JSON.parse(text) as RootFacts;
}

/** Does something as the owner of the working folder: whoever made a file need not be allowed to give it away. */
export function asOwner<T>(facts: RootFacts | undefined, act: () => T): T {
  if (facts === undefined || (facts.uid === 0 && facts.gid === 0)) return act();
  process.setegid?.(facts.gid);
  process.seteuid?.(facts.uid);
  try {
    return act();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
}
