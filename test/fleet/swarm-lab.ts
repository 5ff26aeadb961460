/**
 * A real Swarm on one machine: a daemon for each node, in a network namespace of its own, joined by a bridge in another one,
 * so that no firewall of the host sees it.
 */

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import '../../runners/index.ts';

const READY_MS = 60_000;
const STOP_MS = 40_000;
const HIERARCHIES = '/sys/fs/cgroup';

export interface Answer {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(words: readonly string[], input?: string): Answer {
  const [file = '', ...args] = words;
  const { status, stdout, stderr } = spawnSync(file, args, { encoding: 'utf8', timeout: 120_000, input });
  return { code: status, stdout, stderr };
}

function must(...words: string[]): string {
  const { code, stdout, stderr } = run(words);
  if (code !== 0) throw new Error(`${words.join(' ')}: ${stderr}`);
  return stdout.trim();
}

export class SwarmLab {
  readonly #dir: string;
  readonly #key: string;
  readonly #nodes: number;

  private constructor(dir: string, nodes: number) {
    this.#dir = dir;
    // Names of interfaces have 15 characters.
    this.#key = `b${process.pid % 100_000}`;
    this.#nodes = nodes;
  }

  /** A Swarm of so many nodes, the first of them its manager; `image` is loaded on each. */
  static async open(nodes: number, image: string): Promise<SwarmLab> {
    const lab = new SwarmLab(mkdtempSync('/var/tmp/boxmark-test-swarm-'), nodes);
    try {
      await lab.#up(image);
    } catch (error) {
      await lab.close();
      throw error;
    }
    return lab;
  }

  /** `DOCKER_HOST` of a node's daemon; nodes are counted from 1. */
  host(node: number): string {
    return `unix://${this.#folder(node)}/docker.sock`;
  }

  /** The client asks the daemon of a node. */
  docker(node: number, ...words: string[]): Answer {
    return run(['docker', '-H', this.host(node), ...words]);
  }

  /** All containers on a node, whatever their state. */
  containers(node: number): string[] {
    const { stdout } = this.docker(node, 'ps', '-a', '--format', '{{.Names}} {{.Status}}');
    return stdout.split('\n').filter((line) => line !== '');
  }

  async start(node: number): Promise<void> {
    const folder = this.#folder(node);
    mkdirSync(folder, { recursive: true });
    const log = openSync(join(folder, 'log'), 'a');
    const words = [
      ...['dockerd', '--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')],
      ...['--pidfile', join(folder, 'pid'), '-H', this.host(node), '--cgroup-parent', `/${this.#key}-${node}`],
      ...['--label', `boxmark.socket=${folder}/docker.sock`],
    ];
    const script = `hostname node${node}; exec ${words.join(' ')}`;
    const child = spawn('nsenter', [`--net=/run/netns/${this.#space(node)}`, 'unshare', '-u', 'sh', '-c', script], {
      ...{ stdio: ['ignore', log, log], detached: true },
      env: { ...process.env, DOCKER_SERVICE_PREFER_OFFLINE_IMAGE: '1' },
    });
    child.unref();
    for (let waited = 0; this.docker(node, 'info').code !== 0; waited += 200) {
      if (waited > READY_MS) throw new Error(`node ${node}: ${readFileSync(join(folder, 'log'), 'utf8').slice(-1000)}`);
      await sleep(200);
    }
  }

  /** Its daemon, at once. */
  kill(node: number): void {
    process.kill(this.#pid(node), 'SIGKILL');
  }

  async close(): Promise<void> {
    const nodes = Array.from({ length: this.#nodes }, (_, index) => index + 1);
    // A manager that loses its peers takes long to end.
    for (const node of nodes.toReversed()) {
      const left = run(['timeout', '10', 'docker', '-H', this.host(node), 'ps', '-aq'])
        .stdout.split('\n')
        .filter(Boolean);
      if (left.length > 0) this.docker(node, 'rm', '-f', ...left);
      run(['timeout', '10', 'docker', '-H', this.host(node), 'swarm', 'leave', '--force']);
    }
    for (const node of nodes) await this.#end(node);
    for (const space of [...nodes.map((node) => this.#space(node)), this.#space(0)]) run(['ip', 'netns', 'del', space]);
    const mounts = readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' ')[1] ?? '');
    for (const mount of mounts.filter((path) => path.startsWith(this.#dir)).toReversed()) run(['umount', '-l', mount]);
    for (const group of groupsBelow(this.#key))
      run(['find', group, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', ';']);
    rmSync(this.#dir, { recursive: true, force: true });
  }

  async #up(image: string): Promise<void> {
    const bridge = this.#space(0);
    must('ip', 'netns', 'add', bridge);
    const inside = (space: string, script: string) => must('nsenter', `--net=/run/netns/${space}`, 'sh', '-ec', script);
    inside(bridge, 'ip link set lo up; ip link add br0 type bridge; ip link set br0 up');
    for (let node = 1; node <= this.#nodes; node++) {
      const space = this.#space(node);
      const end = `${this.#key}v${node}`;
      must('ip', 'netns', 'add', space);
      must('ip', 'link', 'add', end, 'netns', bridge, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', space);
      inside(bridge, `ip link set ${end} master br0 up`);
      const address = `ip addr add 10.99.0.${node}/24 dev eth0; ip link set eth0 up; ip link set lo up`;
      inside(space, `${address}; ip route add default via 10.99.0.254`);
    }
    for (let node = 1; node <= this.#nodes; node++) {
      await this.start(node);
      const { code, stderr } = this.docker(node, 'load', '--quiet', '--input', image);
      if (code !== 0) throw new Error(stderr);
    }
    const listen = (node: number) => ['--advertise-addr', `10.99.0.${node}`, '--listen-addr', `10.99.0.${node}:2377`];
    const swarm = (node: number, ...words: string[]) => must('docker', '-H', this.host(node), 'swarm', ...words);
    swarm(1, 'init', ...listen(1));
    const token = swarm(1, 'join-token', '-q', 'worker');
    for (let node = 2; node <= this.#nodes; node++)
      swarm(node, 'join', '--token', token, ...listen(node), '10.99.0.1:2377');
  }

  #folder(node: number): string {
    return join(this.#dir, `node${node}`);
  }

  /** Of the bridge where `node` is 0. */
  #space(node: number): string {
    return `${this.#key}n${node}`;
  }

  #pid(node: number): number {
    return Number(readFileSync(join(this.#folder(node), 'pid'), 'utf8'));
  }

  async #end(node: number): Promise<void> {
    if (!existsSync(join(this.#folder(node), 'pid'))) return;
    const pid = this.#pid(node);
    const isOwn = () => existsSync(`/proc/${pid}`) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(this.#dir);
    if (isOwn()) process.kill(pid, 'SIGTERM');
    for (let waited = 0; isOwn(); waited += 100) {
      if (waited === STOP_MS) process.kill(pid, 'SIGKILL');
      await sleep(100);
    }
  }
}

function groupsBelow(key: string): string[] {
  return readdirSync(HIERARCHIES).flatMap((name) => {
    const hierarchy = join(HIERARCHIES, name);
    try {
      return readdirSync(hierarchy)
        .filter((group) => group.startsWith(`${key}-`))
        .map((group) => join(hierarchy, group));
    } catch {
      return [];
    }
  });
}
