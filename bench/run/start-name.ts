/** What a start is called, in the session's tables and on the host. */

import { createHash } from 'node:crypto';

/** `b3-docker-docker-control`: safe as a file, container and cgroup name; a long one is cut, and stays one of its kind. */
export function startName(block: number, box: string, most = 60): string {
  const name = `b${block}-${box.replace(/[^a-z0-9]+/gi, '-')}`;
  if (name.length <= most) return name;
  const mark = createHash('sha256').update(box).digest('hex').slice(0, 8);
  return `${name.slice(0, most - 9)}-${mark}`;
}
