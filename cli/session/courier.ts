/** Reports what happens in a session: a shell command, an address of the web. Only while no box runs. */

import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../bench/errors.ts';
import { clean } from '../../reports/text.ts';
import { hostExec } from '../../runners/kit/process.ts';
import { stderr } from '../terminal/streams.ts';

/** One thing that happened; `kind` as in `events.jsonl`, or `started`, or `ended`. */
export interface Happening {
  readonly kind: string;
  readonly [detail: string]: unknown;
}

export interface Addressees {
  readonly onEvent?: string | undefined;
  readonly webhook?: string | undefined;
}

export interface About {
  readonly session: string;
  readonly host: string;
  /** The session's folder. */
  readonly dir: string;
}

/** One attempt at one addressee. */
const ATTEMPT_MS = 5000;
const LAST_ATTEMPTS = 4;
/** The oldest are left out, and counted, of what nobody takes. */
const MOST_WAITING = 100;

type Send = (body: string, kinds: string) => Promise<void>;

/** What one addressee has not heard yet. */
interface Line {
  readonly name: string;
  readonly send: Send;
  waiting: Happening[];
  dropped: number;
  trouble: string | null;
}

export class Courier {
  readonly #about: About;
  readonly #lines: readonly Line[];

  constructor({ onEvent, webhook }: Addressees, about: About) {
    this.#about = about;
    const line = (name: string, send: Send): Line => ({ name, send, waiting: [], dropped: 0, trouble: null });
    this.#lines = [
      ...(onEvent === undefined ? [] : [line('the command of --on-event', (...it) => runCommand(onEvent, ...it))]),
      ...(webhook === undefined ? [] : [line(new URL(webhook).host, (body) => post(webhook, body))]),
    ];
  }

  /** Keeps it for the next delivery. */
  add(happening: Happening): void {
    for (const line of this.#lines) {
      line.waiting.push({ at: new Date().toISOString(), ...happening });
      if (line.waiting.length <= MOST_WAITING) continue;
      line.waiting.shift();
      line.dropped += 1;
    }
  }

  /** One attempt at each addressee, of a few seconds at most. What is not taken waits for the next one. Never throws. */
  async deliver(): Promise<void> {
    await Promise.all(this.#lines.map((line) => this.#try(line)));
  }

  /** After the end of the session: some more attempts, one if somebody waits, then says what was not taken. Never throws. */
  async close({ aborted }: { readonly aborted: boolean }): Promise<void> {
    const attempts = aborted ? 1 : LAST_ATTEMPTS;
    for (let attempt = 1, pauseMs = 1000; attempt <= attempts; attempt++, pauseMs *= 2) {
      await this.deliver();
      if (this.#lines.every(({ waiting }) => waiting.length === 0)) break;
      if (attempt < attempts) await sleep(pauseMs);
    }
    for (const { name, waiting, dropped, trouble } of this.#lines) {
      const left = waiting.length + dropped;
      if (left === 0) continue;
      const what = left === 1 ? '1 event was' : `${left} events were`;
      stderr.write(clean(`boxmark: ${what} not delivered to ${name}: ${trouble ?? 'too many'}`, 400).concat('\n'));
    }
  }

  async #try(line: Line): Promise<void> {
    if (line.waiting.length === 0) return;
    const sent = [...line.waiting];
    const kinds = [...new Set(sent.map(({ kind }) => kind))].join(',');
    try {
      await line.send(`${JSON.stringify(this.#letter(sent, line.dropped))}\n`, kinds);
      line.waiting = line.waiting.filter((one) => !sent.includes(one));
      line.dropped = 0;
      line.trouble = null;
    } catch (error) {
      line.trouble = messageOf(error);
    }
  }

  /** `text` is what chat services show. */
  #letter(events: readonly Happening[], dropped: number): object {
    const { session, host } = this.#about;
    const said = events.map(({ kind, env, reason }) =>
      [kind, env, reason].filter((part) => typeof part === 'string').join(': '),
    );
    const text = clean(`Boxmark session ${session} on ${host}: ${said.join('; ')}`, 2000);
    return { schema: 1, ...this.#about, text, events, ...(dropped === 0 ? {} : { dropped }) };
  }
}

async function runCommand(command: string, input: string, kinds: string): Promise<void> {
  const env = { ...(process.env as Record<string, string>), BOXMARK_EVENTS: kinds };
  const ended = await hostExec(['/bin/sh', '-c', command], { input, env, timeoutMs: ATTEMPT_MS });
  if (ended.timedOut) throw new Error(`it took longer than ${ATTEMPT_MS / 1000} s`);
  if (ended.exitCode === 0) return;
  throw new Error(`it ended with code ${ended.exitCode ?? 'unknown'} ${ended.stderr.trim().slice(-200)}`.trim());
}

async function post(url: string, body: string): Promise<void> {
  const response = await fetch(url, {
    ...{ method: 'POST', body, headers: { 'content-type': 'application/json' }, redirect: 'error' as const },
    signal: AbortSignal.timeout(ATTEMPT_MS),
  }).catch((error: unknown) => {
    const { cause } = error as { cause?: unknown };
    throw new Error(messageOf(cause ?? error));
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
}
