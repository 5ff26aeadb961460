/**
 * A shell that was entered into a box ahead of time: commands run in it one after the other, and the last one takes its
 * place. Where an engine takes long to enter a box (`docker exec`: 74 ms), one entrance serves a whole start.
 */

import { randomBytes } from 'node:crypto';
import type { Box, BoxProcess, ExecOptions, ExecResult } from '../../bench/types.ts';
import { quote } from './shell.ts';

const EXEC_LIMIT_MS = 60_000;

/**
 * Takes a command line with each line of its input. Some shells export variables on their own account, which commands that
 * are entered by themselves don't see.
 */
const SHELL = `unset PWD OLDPWD SHLVL; exec 3>&1; boxmark_newline='
'; while IFS= read -r line; do eval "$line"; done`;

const ENTRANCE_ARGV: readonly string[] = ['sh', '-c', SHELL];

type Listener = (line: string, atNs: bigint) => void;

/** Commands in a box that holds another; `close` ends what waits for the next. */
export interface Entered extends Pick<Box, 'exec' | 'spawn'> {
  close(): void;
}

/** The same commands by an entrance, which is made at once, and again for a command that finds none. */
export function byEntrance(anew: Pick<Box, 'exec' | 'spawn'>): Entered {
  let entrance: Promise<Entrance> | undefined;
  let running = 0;
  const make = () => {
    entrance = anew.spawn(ENTRANCE_ARGV).then((shell) => new Entrance(shell));
    // Who comes next hears of it.
    entrance.catch(() => {});
    return entrance;
  };
  void make();
  return {
    exec: async (argv, options = {}) => {
      if (options.input !== undefined || running > 0) return anew.exec(argv, options);
      running++;
      try {
        const found = await entrance;
        return await (found?.isFree ? found : await make()).exec(argv, options);
      } finally {
        running--;
      }
    },
    spawn: async (argv, options = {}) => {
      const found = running > 0 ? undefined : await entrance;
      return found?.isFree ? found.become(argv, options.env) : anew.spawn(argv, options);
    },
    close: () => void entrance?.then((found) => found.close()).catch(() => {}),
  };
}

class Entrance {
  readonly #shell: BoxProcess;
  /** Begins the line after a command's output; a command can't know it. */
  readonly #mark = `boxmark-${randomBytes(8).toString('hex')}`;
  #listener: Listener;
  #isFree = true;

  /** @param shell that runs `ENTRANCE_ARGV` in the box; its one listener is taken */
  constructor(shell: BoxProcess) {
    this.#shell = shell;
    this.#listener = () => {};
    shell.onLine((line, atNs) => this.#listener(line, atNs));
    void shell.exited.then(() => {
      this.#isFree = false;
    });
  }

  /** False while a command runs in it, and for good once one has taken its place or it has ended. */
  get isFree(): boolean {
    return this.#isFree;
  }

  /** Runs a command without input and captures it; never rejects. One that takes too long ends the shell. */
  exec(argv: readonly string[], { env = {}, timeoutMs = EXEC_LIMIT_MS }: ExecOptions = {}): Promise<ExecResult> {
    this.#isFree = false;
    return new Promise((resolve) => {
      const output: string[] = [];
      const errors: string[] = [];
      let exitCode: number | undefined;
      const settle = (result: Pick<ExecResult, 'exitCode' | 'stderr' | 'timedOut'>): void => {
        clearTimeout(timer);
        this.#listener = () => {};
        resolve({ ...result, stdout: output.join('\n') });
      };
      const timer = setTimeout(() => {
        settle({ exitCode: null, stderr: '', timedOut: true });
        this.#shell.kill();
      }, timeoutMs);
      this.#listener = (line) => {
        if (line === this.#mark) {
          this.#isFree = true;
          settle({ exitCode: exitCode ?? null, stderr: errors.join('\n'), timedOut: false });
        } else if (line.startsWith(`${this.#mark} `)) exitCode = Number(line.slice(this.#mark.length + 1));
        else (exitCode === undefined ? output : errors).push(line);
      };
      void this.#shell.exited.then((ended) =>
        settle({ exitCode: ended.exitCode, stderr: this.#shell.errorTail(), timedOut: false }),
      );
      const variables = assignments(env).map((assignment) => `${assignment} `);
      const captured = `err=$( { ${variables.join('')}${words(argv)}; } 2>&1 >&3 3>&- </dev/null)`;
      this.#shell.write(`${captured}; printf '\\n%s %s\\n%s\\n%s\\n' ${this.#mark} $? "$err" ${this.#mark}`);
    });
  }

  /** The shell becomes the command, with the shell's input and output. */
  become(argv: readonly string[], env: Readonly<Record<string, string>> = {}): BoxProcess {
    this.#isFree = false;
    const early: Parameters<Listener>[] = [];
    this.#listener = (...heard) => early.push(heard);
    const variables = assignments(env).map((assignment) => `export ${assignment}; `);
    this.#shell.write(`exec 3>&-; ${variables.join('')}exec ${words(argv)}`);
    return {
      ...this.#shell,
      onLine: (listener) => {
        this.#listener = listener;
        for (const heard of early.splice(0)) listener(...heard);
      },
    };
  }

  /** Ends the shell unless a command has taken its place. */
  close(): void {
    if (this.#isFree) this.#shell.kill();
  }
}

function assignments(env: Readonly<Record<string, string>>): string[] {
  return Object.entries(env).map(([name, value]) => `${name}=${oneLine(value)}`);
}

function words(argv: readonly string[]): string {
  return argv.map(oneLine).join(' ');
}

/** A word without a line break, which would end the command: a variable holds one. */
function oneLine(word: string): string {
  return quote(word).replaceAll('\n', `'"$boxmark_newline"'`);
}
