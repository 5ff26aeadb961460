/** The runner `openvz`: a container of OpenVZ or Virtuozzo from their default template, with the image as a root inside it. */

import { dirname, join } from 'node:path';
import { BoxmarkError, messageOf } from '../../../bench/errors.ts';
import type {
  Box,
  BoxProcess,
  ExecOptions,
  Image,
  OpenOptions,
  Prepared,
  Probe,
  Runner,
  Workspace,
} from '../../../bench/types.ts';
import { imageArchive } from '../../image/image.ts';
import { endProcess } from '../../kit/end-process.ts';
import { PAYLOAD_ENV } from '../../kit/payload-env.ts';
import { OPENVZ, OPENVZ_TOOLS, type OpenvzTool } from './commands.ts';

const STEP_LIMIT_MS = 180_000;
/** Where the image is unpacked in the container. */
const ROOT = '/boxmark-root';

interface PreparedOpenvz extends Prepared {
  readonly tool: OpenvzTool;
  readonly image: Image;
  readonly workspace: Workspace;
}

export const openvz: Runner = {
  name: 'openvz',
  kind: 'container',
  summary: 'a container of OpenVZ (vzctl) or Virtuozzo (prlctl), on their kernel',
  needs: { privileges: 'container-engine', commands: [] },
  holds: false,
  guestKernel: false,
  posture: { rootDaemon: true, signedImage: false },
  probe,
  async prepare(parent, image, workspace): Promise<PreparedOpenvz> {
    const found = await toolIn(parent);
    if (found === undefined) throw new BoxmarkError({ what: 'There is no vzctl and no prlctl.', remedy: 'use lxc' });
    return {
      labels: ['system container'],
      version: found.version,
      slowness: 2,
      dispose: async () => {},
      tool: found.tool,
      image,
      workspace,
    };
  },
  open: (parent, prepared, options) => open(parent, prepared as PreparedOpenvz, options),
};

/** Makes a container and removes it. */
async function probe(parent: Box, workspace: Workspace): Promise<Probe> {
  const found = await toolIn(parent);
  if (found === undefined) {
    const reason = 'this is not a host of OpenVZ or Virtuozzo: there is neither prlctl nor vzctl';
    return { available: false, reason, remedy: 'use lxc, their upstream successor' };
  }
  const { open: steps, remove, run, containerName } = OPENVZ[found.tool];
  const container = containerName(workspace.id, 'probe');
  try {
    await all(parent, steps(container, workspace.limits));
    await all(parent, [run(container, ['true'])]);
    return { available: true, version: found.version, labels: ['system container'] };
  } catch (error) {
    const remedy = 'install a default template, and run as root on a kernel of OpenVZ or Virtuozzo';
    return { available: false, reason: messageOf(error), remedy };
  } finally {
    for (const argv of remove(container)) await parent.exec(argv, { timeoutMs: STEP_LIMIT_MS });
  }
}

async function open(parent: Box, { tool, image, workspace }: PreparedOpenvz, options: OpenOptions): Promise<Box> {
  options.signal.throwIfAborted();
  const commands = OPENVZ[tool];
  const container = commands.containerName(workspace.id, options.name);
  const running = new Set<BoxProcess>();
  let closing: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    for (const argv of commands.remove(container)) await parent.exec(argv, { timeoutMs: STEP_LIMIT_MS });
    for (const child of running) await endProcess(child);
  };
  const close = (): Promise<void> => {
    closing ??= end();
    return closing;
  };
  const inside = (argv: readonly string[], env: Readonly<Record<string, string>> = {}): string[] => {
    const variables = Object.entries({ ...PAYLOAD_ENV, ...env }).map(([name, value]) => `${name}=${value}`);
    return commands.run(container, ['env', '-i', ...variables, 'chroot', ROOT, ...argv]);
  };
  try {
    await all(parent, commands.open(container, options.limits));
    const unpack = commands.run(container, [
      'sh',
      '-c',
      `mkdir ${ROOT} && tar -C ${ROOT} -xpf - && mount -t proc proc ${ROOT}/proc`,
    ]);
    await all(parent, [['sh', '-c', 'exec "$@" <"$0"', await parent.put(await imageArchive(image)), ...unpack]]);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    path: 'openvz',
    scratch: join(dirname(ROOT), 'tmp'),
    exec: (argv, { env, ...rest }: ExecOptions = {}) => parent.exec(inside(argv, env), rest),
    spawn: async (argv, { env } = {}) => {
      const child = await parent.spawn(inside(argv, env));
      running.add(child);
      return child;
    },
    put: async (file) => {
      throw new BoxmarkError({ what: "A payload's box does not see the image store.", value: file });
    },
    close,
  };
}

async function all(parent: Box, steps: readonly (readonly string[])[]): Promise<void> {
  for (const argv of steps) {
    const done = await parent.exec(argv, { timeoutMs: STEP_LIMIT_MS });
    if (done.exitCode === 0) continue;
    const why = done.timedOut ? 'no end in time' : done.stderr.trim().split('\n').slice(-2).join('; ');
    throw new BoxmarkError({ what: `\`${argv.slice(0, 3).join(' ')}\` failed: ${why}` });
  }
}

async function toolIn(parent: Box): Promise<{ tool: OpenvzTool; version: string } | undefined> {
  for (const tool of OPENVZ_TOOLS) {
    const asked = await parent.exec([tool, '--version'], { timeoutMs: 10_000 });
    if (asked.exitCode === 0) return { tool, version: asked.stdout.trim().split('\n')[0] || tool };
  }
  return undefined;
}
