/**
 * The transport over a Docker Swarm: a service for each node, with the plan as a config and its log as the way back. The mode
 * is `global`, without restarts, and not `global-job`: of a job that is removed, Docker (20.10) leaves the containers on
 * their nodes, running ones too, so that nothing could be ended or cleared up from the manager.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../bench/errors.ts';
import { type Job, jobFiles } from '../../bench/fleet/job.ts';
import type { DockerArchive } from '../../runners/image/forms.ts';
import { FLEET_LABEL, SOCKET } from '../docker/host-namespaces.ts';
import type { JobEnd, Transport } from '../transport.ts';
import { assertManager, docker, spawnDocker, tryDocker } from './client.ts';
import { type Node, nodeState, swarmNodes, type Wanted } from './nodes.ts';

const FIRST_POLL_MS = 1000;
/** While it runs its log says what there is to know; each look starts Docker's client twice, maybe on a host that is measured. */
const POLL_MS = 5000;
/** The last lines may still be on their way when the task has ended. */
const LAST_LINES_MS = 5000;
/** A node that does not take its task by then has no room for it. */
const PENDING_MS = 90_000;
const GRACE = '90s';
const JOB_FOLDER = '/boxmark-job';
const LOAD_MS = 600_000;
/** States of a task in which nothing more will come. */
const ENDED = ['complete', 'failed', 'shutdown', 'rejected', 'orphaned', 'remove'];
const WAITING = ['new', 'pending', 'assigned', 'accepted', 'preparing', 'ready', 'starting'];

interface Task {
  readonly state: string;
  readonly error: string;
}

export interface SwarmWish {
  readonly image: DockerArchive;
  readonly labels: Wanted;
  /** Path of the daemon's socket on nodes whose label names no other. */
  readonly socket?: string | undefined;
}

export class Swarm implements Transport {
  readonly name = 'swarm';
  readonly image: string;
  readonly #wish: SwarmWish;
  #configs: Promise<readonly string[]> | undefined;
  readonly #services = new Set<string>();
  /** Names of configs. */
  readonly #made = new Set<string>();
  #attempt = 0;

  private constructor(wish: SwarmWish) {
    this.#wish = wish;
    this.image = wish.image.id;
  }

  /** Throws `BoxmarkError` with exit code 2 where no Swarm can be asked. The node image goes into the manager's own daemon. */
  static async open(wish: SwarmWish): Promise<Swarm> {
    await assertManager();
    const { id, file } = wish.image;
    if ((await tryDocker(['image', 'inspect', '--format', '{{.Id}}', id])).exitCode !== 0) {
      await docker(['load', '--quiet', '--input', file], { timeoutMs: LOAD_MS });
    }
    return new Swarm(wish);
  }

  hosts(): Promise<Node[]> {
    return swarmNodes(this.#wish.labels);
  }

  async run(host: Node, job: Job, onLine: (line: string) => void, signal: AbortSignal): Promise<JobEnd> {
    this.#attempt += 1;
    const service = `boxmark-${job.fleet}-${host.address.slice(0, 12)}-${this.#attempt}`.slice(0, 63);
    try {
      const configs = await this.#sent(job);
      await docker(this.#create(service, host, job.fleet, configs));
      this.#services.add(service);
      return await this.#follow(service, host, onLine, signal);
    } catch (error) {
      signal.throwIfAborted();
      return { how: 'refused', reason: messageOf(error) };
    } finally {
      await tryDocker(['service', 'rm', service]);
      this.#services.delete(service);
    }
  }

  async close(): Promise<void> {
    for (const service of this.#services) await tryDocker(['service', 'rm', service]);
    for (const config of this.#made) await remove('config', config);
  }

  /** The job as configs, made once: managers keep them, and only tasks that name them see them. */
  #sent(job: Job): Promise<readonly string[]> {
    this.#configs ??= this.#send(job).catch((error: unknown) => {
      this.#configs = undefined;
      throw error;
    });
    return this.#configs;
  }

  async #send(job: Job): Promise<readonly string[]> {
    await this.#forget(job.fleet);
    for (const [file, content] of Object.entries(jobFiles(job))) {
      const name = `boxmark-${job.fleet}-${file}`;
      await docker(['config', 'create', '--label', `${FLEET_LABEL}=${job.fleet}`, name, '-'], { input: content });
      this.#made.add(name);
    }
    return [...this.#made];
  }

  /** What an earlier run of this fleet left with the manager when it was killed: its services still measure. */
  async #forget(fleet: string): Promise<void> {
    for (const kind of ['service', 'config']) {
      const { stdout } = await tryDocker([kind, 'ls', '--quiet', '--filter', `label=${FLEET_LABEL}=${fleet}`]);
      for (const id of stdout.split('\n').filter((line) => line !== '')) await remove(kind, id);
    }
  }

  #create(service: string, { address, socket }: Node, fleet: string, configs: readonly string[]): string[] {
    const source = socket ?? this.#wish.socket ?? SOCKET;
    const label = `${FLEET_LABEL}=${fleet}`;
    return [
      ...['service', 'create', '--detach', '--quiet', '--name', service, '--mode', 'global'],
      // By its id: another image of this name, or a changed one, is not found.
      ...['--no-resolve-image', '--restart-condition', 'none', '--constraint', `node.id==${address}`],
      ...['--label', label, '--container-label', label, '--stop-grace-period', GRACE],
      ...['--cap-drop', 'ALL', '--log-driver', 'json-file', '--log-opt', 'max-size=1g'],
      ...[
        '--mount',
        `type=bind,source=${source},target=${SOCKET}`,
        '--mount',
        'type=bind,source=/var/tmp,target=/var/tmp',
      ],
      ...configs.flatMap((name) => [
        '--config',
        `source=${name},target=${JOB_FOLDER}/${name.slice(`boxmark-${fleet}-`.length)},mode=0400`,
      ]),
      ...[this.image, 'fleet', 'node', '--job', JOB_FOLDER],
    ];
  }

  async #follow(service: string, host: Node, onLine: (line: string) => void, signal: AbortSignal): Promise<JobEnd> {
    const log = new ServiceLog(service, onLine);
    const begun = performance.now();
    try {
      for (let pauseMs = FIRST_POLL_MS; ; ) {
        await pause(pauseMs, log.end, signal);
        if (log.hasEnd) return { how: 'ended', exitCode: 0 };
        const task = await taskOf(service);
        if (task !== undefined && ENDED.includes(task.state)) return await log.last(task);
        const isWaiting = task === undefined || WAITING.includes(task.state);
        if (!isWaiting) {
          await log.open();
          pauseMs = POLL_MS;
        }
        const state = await nodeState(host.address).catch(() => 'unknown');
        if (state === 'down') {
          return { how: 'lost', reason: 'the node is down: its daemon does not answer the manager' };
        }
        if (isWaiting && performance.now() - begun > PENDING_MS) {
          const why = task?.error || task?.state || 'no task was made';
          return { how: 'refused', reason: `the node did not start it: ${why}` };
        }
      }
    } finally {
      log.close();
    }
  }
}

/** A config is kept while a task that has it ends. */
async function remove(kind: string, name: string): Promise<void> {
  for (let tries = 0; tries < 20; tries++) {
    const { exitCode, stderr } = await tryDocker([kind, 'rm', name]);
    if (exitCode === 0 || /not found/i.test(stderr)) return;
    await sleep(FIRST_POLL_MS / 2);
  }
}

/** Until the time is over, or `end`. @throws the reason of the signal */
async function pause(ms: number, end: Promise<void>, signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  const asleep = sleep(ms, undefined, { signal: AbortSignal.any([signal, over.signal]) }).catch(() => {});
  await Promise.race([asleep, end]);
  over.abort();
  signal.throwIfAborted();
}

/** The newest task of a service of one node. */
async function taskOf(service: string): Promise<Task | undefined> {
  const { exitCode, stdout } = await tryDocker(['service', 'ps', '--no-trunc', '--format', '{{json .}}', service]);
  if (exitCode !== 0) return undefined;
  const [first] = stdout.split('\n').filter((line) => line !== '');
  if (first === undefined) return undefined;
  const { CurrentState, Error: error } = JSON.parse(first) as { CurrentState: string; Error: string };
  return { state: (CurrentState.split(' ')[0] ?? '').toLowerCase(), error };
}

/** The log of a task while it runs; read once more from its beginning where the last line is missing. */
class ServiceLog {
  readonly #service: string;
  readonly #onLine: (line: string) => void;
  #following: Awaited<ReturnType<typeof spawnDocker>> | undefined;
  /** Has the last line come? */
  hasEnd = false;
  /** Fulfilled when it has. */
  readonly end: Promise<void>;
  #onEnd: () => void = () => {};

  constructor(service: string, onLine: (line: string) => void) {
    this.#service = service;
    this.#onLine = onLine;
    this.end = new Promise((resolve) => {
      this.#onEnd = resolve;
    });
  }

  async open(): Promise<void> {
    if (this.#following !== undefined) return;
    this.#following = await spawnDocker(['service', 'logs', '--raw', '--follow', this.#service]);
    this.#following.onLine((line) => this.#take(line));
  }

  /** What the task has ended with. */
  async last({ state, error }: Task): Promise<JobEnd> {
    for (let waited = 0; waited < LAST_LINES_MS && !this.hasEnd && this.#following !== undefined; waited += 100)
      await sleep(100);
    this.close();
    if (!this.hasEnd && state !== 'rejected') await this.#again();
    if (this.hasEnd || state === 'complete') return { how: 'ended', exitCode: state === 'complete' ? 0 : 1 };
    if (/No such image/i.test(error)) {
      return {
        how: 'refused',
        reason:
          'the node does not have the node image, or another one: boxmark fleet image FILE, and docker load there',
      };
    }
    if (state === 'failed' || state === 'rejected')
      return { how: 'refused', reason: `its task ended: ${error || state}` };
    return { how: 'lost', reason: `its task is ${state}${error === '' ? '' : `: ${error}`}` };
  }

  close(): void {
    this.#following?.kill();
    this.#following = undefined;
  }

  async #again(): Promise<void> {
    const reading = await spawnDocker(['service', 'logs', '--raw', this.#service]);
    reading.onLine((line) => this.#take(line));
    await Promise.race([reading.exited, sleep(LAST_LINES_MS * 6, undefined, { ref: false })]);
    reading.kill();
  }

  #take(line: string): void {
    this.#onLine(line);
    if (!line.startsWith('{"boxmark":"end"')) return;
    this.hasEnd = true;
    this.#onEnd();
  }
}
