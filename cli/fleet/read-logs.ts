/** Gives each line of a log to the stream of the host that it is of. */

import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import type { Collector, HostStream, Speaker } from './collector.ts';
import { linesOf, logLineOf } from './log-lines.ts';
import type { Source } from './sources.ts';

const STDIN = '-';

/** Reads one log to its end. Rejects when it can't be read. */
export async function readLog(collector: Collector, source: Source): Promise<void> {
  const open = new Map<string | null, HostStream>();
  const heard = new Set<string | null>();
  const pieces = source.path === STDIN ? process.stdin : createReadStream(source.path);
  try {
    let ofPods: boolean | undefined;
    for await (const line of linesOf(pieces)) {
      const said = logLineOf(line);
      // Of a log whose first line names no pod, a host itself has written the prefix: it speaks for itself alone.
      ofPods ??= said.pod !== null;
      const pod = ofPods ? said.pod : null;
      const { text } = said;
      // What a program says after its last line is no other attempt.
      if (text.trim() === '' || (heard.has(pod) && !open.has(pod) && !text.startsWith('{"boxmark":'))) continue;
      heard.add(pod);
      const stream = open.get(pod) ?? collector.stream(speakerOf(source, pod));
      open.set(pod, stream);
      if (!stream.line(text)) continue;
      open.delete(pod);
      await stream.finish();
    }
  } finally {
    for (const stream of open.values()) await stream.finish();
  }
  if (heard.size === 0) await collector.stream(speakerOf(source, null)).finish();
}

function speakerOf({ path, name }: Source, pod: string | null): Speaker {
  if (pod !== null) return { address: `pod/${pod}`, name: name ?? pod, isNamed: name !== null };
  const file = path === STDIN ? 'stdin' : basename(path).replace(/\.(?:log|txt|jsonl?)$/, '');
  return { address: path, name: name ?? file, isNamed: name !== null };
}
