/** Logs as lines, each with the pod that it is of: `kubectl logs --prefix`, with times or without, and files of a kubelet. */

import { StringDecoder } from 'node:string_decoder';

/** Longer than any line of a host: the rest of a longer one is left out. */
const MOST_CHARS = 1 << 16;
const POD = /^\[pod\/([a-z0-9][a-z0-9.-]{0,252})\/[a-z0-9][a-z0-9-]{0,62}\] /;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d) /;
/** After the time, in the files of a node's container runtime. */
const RUNTIME = /^(?:stdout|stderr) [FP] /;

export interface LogLine {
  /** Null where the line does not say. */
  readonly pod: string | null;
  readonly text: string;
}

/** Of one line of a log. */
export function logLineOf(line: string): LogLine {
  const pod = POD.exec(line);
  const said = line.slice(pod?.[0].length ?? 0);
  const timed = said.replace(TIME, '');
  const text = timed === said ? said : timed.replace(RUNTIME, '');
  return { pod: pod?.[1] ?? null, text };
}

/** The lines of a text that comes in pieces. */
export async function* linesOf(pieces: AsyncIterable<Buffer | string>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let open = '';
  for await (const piece of pieces) {
    const [first = '', ...rest] = (typeof piece === 'string' ? piece : decoder.write(piece)).split('\n');
    open += first;
    for (const next of rest) {
      yield withoutEnd(open);
      open = next;
    }
    if (open.length > MOST_CHARS) open = open.slice(0, MOST_CHARS);
  }
  open += decoder.end();
  if (open !== '') yield withoutEnd(open);
}

function withoutEnd(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
