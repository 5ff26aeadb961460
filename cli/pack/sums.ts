/** `SHA256SUMS`, as `sha256sum -c` reads it. */

import type { Finding } from '../../bench/session/check.ts';

export const SUMS = 'SHA256SUMS';

export function sumsText(digests: ReadonlyMap<string, string>): string {
  return [...digests].map(([name, digest]) => `${digest}  ${name}\n`).join('');
}

/** What is not as the list says: `digests` are those of all files beside it. */
export function sumFindings(text: string, digests: ReadonlyMap<string, string>): Finding[] {
  const listed = new Map<string, string>();
  const findings: Finding[] = [];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, digest = '', name = ''] = /^([0-9a-f]{64}) [ *](.+)$/.exec(line) ?? [];
    if (name === '') findings.push({ file: SUMS, problem: `has a line that is no sum: ${line.slice(0, 80)}` });
    else listed.set(name, digest);
  }
  for (const [name, digest] of listed) {
    const found = digests.get(name);
    if (found === undefined) findings.push({ file: name, problem: `is missing, and ${SUMS} lists it` });
    else if (found !== digest) findings.push({ file: name, problem: `is not what ${SUMS} lists` });
  }
  for (const name of digests.keys()) {
    if (!listed.has(name)) findings.push({ file: name, problem: `is not listed in ${SUMS}` });
  }
  return findings;
}
