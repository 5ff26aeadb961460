/** Environments for tests of the harness itself: the real payload as a plain process, and scripts with faults in them. */

import { fileURLToPath } from 'node:url';
import { kindOf } from '../../bench/kinds/index.ts';
import { runSession, type SessionOutcome, type SessionRequest } from '../../bench/run/session.ts';
import { SESSION_SCHEMA, type SessionInfo, sessionId } from '../../bench/session/info.ts';
import { createStore } from '../../bench/session/store.ts';
import { type Environment, NO_TRAITS, type Plan, type Started } from '../../bench/types.ts';
import { hostSpawn } from '../../runners/kit/process.ts';
import { RehearsedPayload } from '../cli/stand-ins/payload.ts';

/** The bundled payload, as the build makes it. */
export const PAYLOAD = fileURLToPath(new URL('../../dist/payload.cjs', import.meta.url));

/** An environment that runs a command of the host, without any box around it. */
export function scripted(path: string, argv: readonly string[], env: Record<string, string> = {}): Environment {
  return {
    path,
    labels: [],
    traits: NO_TRAITS,
    versions: {},
    slowness: 1,
    cpuClock: 'guest',
    sharesClock: true,
    async start(): Promise<Started> {
      const begunNs = process.hrtime.bigint();
      const child = await hostSpawn(argv, { env });
      return {
        process: child,
        begunNs,
        spawnedNs: process.hrtime.bigint(),
        usage: () => ({}),
        close: async () => {
          child.kill();
          await child.exited;
        },
      };
    },
    dispose: async () => {},
  };
}

export function honest(path: string): Environment {
  return scripted(path, [process.execPath, PAYLOAD]);
}

/**
 * A box that only claims to compute, for tests of what a session does with its boxes; it starts no process. `edit` makes
 * what changes the answers of one start on their way out.
 */
export function rehearsed(path: string, edit: () => (line: string) => string = () => (line) => line): Environment {
  return {
    ...scripted(path, []),
    async start(name): Promise<Started> {
      const begunNs = process.hrtime.bigint();
      const payload = new RehearsedPayload([`--start=${name}`], { edit: edit() });
      const close = async () => payload.kill();
      return { process: payload, begunNs, spawnedNs: process.hrtime.bigint(), usage: () => ({}), close };
    },
  };
}

/** The same payload, with `write` in place of its own. */
export function writtenBy(payload: Started['process'], write: (line: string) => void): Started['process'] {
  // Its methods are on the prototype.
  return Object.assign(Object.create(payload), {
    write,
    kill: () => payload.kill(),
    onLine: (listener: Parameters<typeof payload.onLine>[0]) => payload.onLine(listener),
    errorTail: () => payload.errorTail(),
  });
}

/** A rehearsed box of which the start whose name matches does not answer when it is asked for a long visit: it dies, or what `act` does. */
export function mortal(
  path: string,
  victim: RegExp,
  act: (payload: Started['process']) => void = (payload) => payload.kill(),
): Environment {
  const environment = rehearsed(path);
  return {
    ...environment,
    async start(name, signal) {
      const started = await environment.start(name, signal);
      if (!victim.test(name)) return started;
      const { process: payload } = started;
      const write = (line: string) => {
        if (JSON.parse(line).op === 'long') act(payload);
        else payload.write(line);
      };
      return { ...started, process: writtenBy(payload, write) };
    },
  };
}

/** For sessions whose other boxes are rehearsed: states of real ones differ. */
export function rehearsedCrew(): Pick<SessionRequest, 'control' | 'verifier'> {
  return { control: rehearsed('native'), verifier: rehearsed('native') };
}

/** The real payload with one thing wrong: `edit` changes its answers on their way out. */
export function tampered(path: string, edit: string): Environment {
  const script = `
    const { spawn } = require('node:child_process');
    const child = spawn(process.execPath, [${JSON.stringify(PAYLOAD)}], { stdio: ['pipe', 'pipe', 'inherit'] });
    process.stdin.pipe(child.stdin);
    let seen = 0;
    require('node:readline').createInterface({ input: child.stdout }).on('line', (line) => {
      seen += 1;
      ${edit}
      if (line !== null) process.stdout.write(line + '\\n');
    });
    child.on('exit', (code) => process.exit(code ?? 1));
    process.on('SIGTERM', () => child.kill());`;
  return scripted(path, [process.execPath, '-e', script]);
}

export function tinyPlan({
  blocks = 2,
  ...change
}: Partial<Plan> & Pick<Plan, 'environments'> & { blocks?: number }): Plan {
  const baseline = change.baseline ?? 'native';
  return {
    schema: 1,
    seed: 7,
    profile: 'quick',
    baseline,
    workloads: ['fft', 'sor', 'monte-carlo'],
    size: 'tiny',
    kernels: 'reference',
    contrasts: change.environments.filter(({ path }) => path !== baseline).map(({ path }) => ({ env: path, baseline })),
    schedule: 'interleaved',
    minBlocks: blocks,
    maxBlocks: blocks,
    target: null,
    margin: 0.02,
    allowUnequal: false,
    rounds: 4,
    pilotBursts: 5,
    burstNs: 200_000,
    longNs: 2_000_000,
    longVisits: 1,
    timeoutMs: 2_000,
    limits: { cpus: [0], housekeeping: [1], memoryBytes: 2 ** 30, pids: 512 },
    ...change,
  };
}

/** `session.json` of a session that is about to begin. */
export function infoFor(plan: Plan, environments: readonly Environment[]): SessionInfo {
  return {
    schema: SESSION_SCHEMA,
    session: sessionId(new Date()),
    program: 'test',
    command: 'boxmark run',
    startedAt: new Date().toISOString(),
    finishedAt: null,
    stopReason: 'running',
    seed: plan.seed,
    plan,
    work: {},
    warmup: null,
    host: { name: 'host', fingerprint: '', hardware: {}, stack: {} },
    image: { digest: '', node: '', payload: '' },
    environments: environments.map(({ path, labels, traits, versions }) => ({
      ...{ path, labels, traits, versions },
      facts: null,
    })),
    unavailable: [],
    blocksCompleted: 0,
    measuredMs: 0,
    resumed: [],
  };
}

/** Runs a session into a folder below `out`, with an honest control on a host that reports nothing about itself. */
export async function runIn(
  out: string,
  plan: Plan,
  environments: readonly Environment[],
  change: Partial<SessionRequest> = {},
): Promise<{ outcome: SessionOutcome; dir: string }> {
  const info = change.info ?? infoFor(plan, environments);
  const store = createStore(out, info);
  const outcome = await runSession({ ...requestFor(plan, environments), store, info, ...change });
  store.close();
  return { outcome, dir: store.dir };
}

/** What every session of these tests is asked for alike. */
export function requestFor(plan: Plan, environments: readonly Environment[]): Omit<SessionRequest, 'store' | 'info'> {
  return {
    kind: kindOf(plan),
    plan,
    environments,
    control: honest(plan.baseline),
    verifier: honest('native'),
    gauges: { availableMemoryBytes: () => null, stealMs: () => null },
    signal: new AbortController().signal,
    notices: () => {},
    progress: { phase: () => {}, block: () => {}, round: () => {} },
  };
}
