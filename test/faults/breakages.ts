/** Scenarios other than kills: something around a run breaks, and the run has to cope. */

import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ANSWER_PREFIX } from '../../bench/payload/protocol.ts';
import { during } from './attempt.ts';
import { CLOCK_PRELOAD } from './clock-preload.ts';
import { measuring, scenario, TWO, WORK } from './hindered.ts';
import { LIMITS } from './limits.ts';
import { type Running, sessionIn } from './program.ts';
import type { Context, Scenario } from './scenario.ts';

const DOCKER = ['-e', 'native,docker', ...WORK];
/** Processes whose command line names what `pattern` takes. */
function processesLike(pattern: RegExp): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return pattern.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')) ? [Number(pid)] : [];
      } catch {
        return [];
      }
    });
}

const payloads = () => processesLike(/^\S*node .*payload\.cjs/);

/** A box of the current block, whichever the seed picks. */
async function someBox({ random, out }: Context, running: Running): Promise<number | undefined> {
  await measuring(running, out);
  return during(running, () => {
    const found = payloads();
    return found[Math.floor(random() * found.length)];
  });
}

/** Writes to the box's own pipe, as the payload in it could. */
async function flood(context: Context, running: Running, pieces: () => Iterable<string>): Promise<boolean> {
  const pid = await someBox(context, running);
  if (pid === undefined) return false;
  try {
    const pipe = openSync(`/proc/${pid}/fd/1`, 'w');
    try {
      for (const piece of pieces()) {
        writeSync(pipe, piece);
        await sleep(0);
      }
    } finally {
      closeSync(pipe);
    }
  } catch {
    // The harness has ended the box, as it may.
  }
  return true;
}

function* times(count: number, piece: string): Iterable<string> {
  for (let index = 0; index < count; index++) yield piece;
}

const FLOODS: Readonly<Record<string, () => Iterable<string>>> = {
  'garbage from a box': () => times(50, '\u0000\u001b[2Jnonsense\n{"id":\n'.repeat(100)),
  '10^6 lines from a box': () => times(10_000, `${ANSWER_PREFIX}{"id":1,"ok":true}\n`.repeat(100)),
  'a line of 300 MB from a box': () => times(4800, 'x'.repeat(1 << 16)),
};

const box = [
  scenario('a box is stopped', 3, 1, (context) => ({
    args: TWO,
    how: 'SIGSTOP of a payload',
    disturb: async (running) => {
      const pid = await someBox(context, running);
      return pid !== undefined && signal(pid, 'SIGSTOP');
    },
    codes: [0, 1],
  })),
  ...Object.entries(FLOODS).map(([name, pieces]) =>
    scenario(name, 3, name.startsWith('a line') ? 1 : 0, (context) => ({
      args: TWO,
      how: name,
      disturb: (running) => flood(context, running, pieces),
      codes: [0, 1],
    })),
  ),
];

/** A private daemon of the run's own: the only one in the lab. */
const daemon = (['SIGKILL', 'SIGSTOP'] as const).map((how) =>
  scenario(`the daemon gets ${how}`, 3, 0, (context) => ({
    args: DOCKER,
    how: `${how} of dockerd`,
    disturb: async (running) => {
      await measuring(running, context.out);
      return processesLike(/^\S*dockerd /)
        .map((pid) => signal(pid, how))
        .includes(true);
    },
    codes: [0, 1],
  })),
);

/** False when it has just ended. */
function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

const DAY_S = 86_400;

const clock = scenario(
  'the wall clock jumps',
  4,
  1,
  (context) => {
    const offset = join(context.lab, 'home', 'offset');
    const library = join(context.lab, 'home', 'clock.so');
    writeFileSync(`${library}.c`, CLOCK_PRELOAD);
    writeFileSync(offset, '0');
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, `${library}.c`, '-ldl']);
    const days = context.attempt % 2 === 0 ? -1 : 1;
    return {
      args: [...TWO, '--max-time', '10m'],
      env: { LD_PRELOAD: library, BOXMARK_TEST_CLOCK: offset },
      how: `${days} day`,
      disturb: async (running) => {
        const begun = await measuring(running, context.out);
        writeFileSync(offset, String(days * DAY_S));
        await sleep(3000);
        writeFileSync(offset, '0');
        return begun === true;
      },
      codes: [0],
      also: ({ seconds }) => {
        const { stopReason, measuredMs } = infoIn(context.out);
        if (stopReason !== 'blocks') return `ended for the reason ${stopReason}`;
        return measuredMs > 0 && measuredMs < seconds * 1000 ? undefined : `says that it measured for ${measuredMs} ms`;
      },
    };
  },
  () => (spawnSync('cc', ['--version']).status === 0 ? undefined : 'there is no C compiler'),
);

function infoIn(out: string): { stopReason: string; measuredMs: number } {
  return JSON.parse(readFileSync(join(sessionIn(out) ?? out, 'session.json'), 'utf8'));
}

const streams = [
  ['nobody reads', 0, '> >(head -c1) 2>&1'],
  ['the output is closed', 0, '>&- 2>&-'],
  ['the output is full', 1, '>/dev/full'],
  ['messages are full', 0, '2>/dev/full'],
].map(([name, code, redirection]) =>
  scenario(`${name}`, 2, 0, () => ({
    args: TWO,
    how: `${redirection}`,
    wrap: ['bash', '-c', `exec "$@" ${redirection}`, 'bash'],
    codes: [Number(code), ...(name === 'the output is closed' ? [1] : [])],
  })),
);

const PTY = `
import os, pty, sys, time
pid, master = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
end = time.time() + float(sys.argv[1])
os.set_blocking(master, False)
while time.time() < end:
    try: os.read(master, 65536)
    except BlockingIOError: time.sleep(0.05)
    except OSError: break
os.close(master)
_, status = os.waitpid(pid, 0)
sys.exit(128 + (status & 127) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))
`;

const terminal = scenario(
  'the terminal hangs up',
  4,
  0,
  ({ random }) => ({
    args: TWO,
    how: 'a terminal that is closed',
    wrap: ['python3', '-c', PTY, String(1 + random() * 7)],
    codes: [0, 130],
  }),
  () =>
    spawnSync('python3', ['-c', 'import pty; pty.openpty()']).status === 0 ? undefined : 'python3 with pty is missing',
);

export const BREAKAGES: readonly Scenario[] = [...box, ...daemon, clock, ...LIMITS, ...streams, terminal];
