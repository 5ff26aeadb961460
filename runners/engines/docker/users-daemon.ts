/** The Docker daemon that the user's own docker command talks to: whether it will do, and why not. */

import { release as kernelRelease } from 'node:os';
import { BoxmarkError } from '../../../bench/errors.ts';
import type { Box, ExecResult } from '../../../bench/types.ts';
import { asRoot } from '../../kit/as-root.ts';
import { findCommand } from '../../kit/commands.ts';
import { type DockerClient, dockerError, tryDocker } from './client.ts';
import { type DaemonFacts, FACTS_FORMAT, parseFacts, runtimeByName } from './daemon.ts';
import type { DaemonWish } from './settings.ts';

/**
 * The daemon that the user's own docker command talks to; undefined when there is none, or none that is as wished, and we
 * may start one.
 */
export async function findUsersDaemon(
  box: Box,
  client: DockerClient,
  wish: DaemonWish,
): Promise<DaemonFacts | undefined> {
  const asked = await tryDocker(box, client, ['version', '-f', '{{.Server.Version}} {{json .Server}}'], {
    timeoutMs: 10_000,
  });
  if (isPodmanCommand(asked)) throw podmanError('command');
  if (asked.exitCode === 0) {
    if (/podman/i.test(asked.stdout)) {
      if (canStartOne()) return undefined;
      throw podmanError('daemon');
    }
    const shown = await tryDocker(box, client, ['info', '-f', FACTS_FORMAT]);
    const facts = parseFacts(shown.stdout);
    if (isPodmanCommand(shown)) throw podmanError('command');
    if (shown.exitCode !== 0 || facts.version === '')
      throw dockerError('The Docker daemon gives no information', shown);
    if (facts.kernel === kernelRelease()) {
      const mismatch = mismatchOf(facts, wish);
      if (mismatch === undefined) return facts;
      if (canStartOne()) return undefined;
      throw new BoxmarkError({
        what: `The Docker daemon that answers ${mismatch}, and only root can start another one that fits.`,
        remedy: `configure the daemon so, or run as root: ${asRoot()}`,
      });
    }
    throw new BoxmarkError({
      what: `The Docker daemon that answers runs on another kernel (${facts.kernel}), in a virtual machine or on another host.`,
      remedy: 'point DOCKER_HOST at a daemon of this kernel, or unset it and stop Docker Desktop',
    });
  }
  return noDaemon(asked);
}

/** Undefined where one may be started; else throws why none answers. */
function noDaemon(asked: ExecResult): undefined {
  if (/permission denied/i.test(asked.stderr)) {
    throw new BoxmarkError({
      what: 'The socket of the Docker daemon may not be used by this user.',
      remedy: `join the group docker (sudo usermod -aG docker $USER) and log in again, or run as root: ${asRoot()}`,
    });
  }
  const chosen = process.env.DOCKER_HOST ?? process.env.DOCKER_CONTEXT;
  if (chosen || asked.timedOut) {
    throw new BoxmarkError({
      what: chosen
        ? 'The Docker daemon that DOCKER_HOST or DOCKER_CONTEXT names does not answer.'
        : 'The Docker daemon hangs.',
      ...(chosen ? { value: chosen } : {}),
      remedy: chosen ? 'start it, or unset the variable' : 'restart it',
    });
  }
  if (process.getuid?.() !== 0) {
    throw new BoxmarkError({
      what: 'No Docker daemon answers, and only root can start one.',
      remedy: `start it (sudo systemctl start docker), or run as root: ${asRoot()}`,
    });
  }
  const missing = ['dockerd', 'containerd', 'runc'].find((name) => findCommand(name) === undefined);
  if (missing === undefined) return undefined;
  throw new BoxmarkError({
    what: `No Docker daemon answers, and ${missing} is not installed.`,
    remedy: 'boxmark setup, or start the daemon',
  });
}

/** Podman's command `docker` does not know the facts of Docker. It also has a socket for Docker's own command. */
function isPodmanCommand({ stderr }: ExecResult): boolean {
  return /can't evaluate field|\bpodman\b/i.test(stderr);
}

function podmanError(part: 'command' | 'daemon'): BoxmarkError {
  return new BoxmarkError({
    what: `The docker ${part} here is Podman's stand-in for Docker.`,
    remedy: 'measure podman by its name (-e native,podman), or install Docker itself',
  });
}

function mismatchOf(facts: DaemonFacts, wish: DaemonWish): string | undefined {
  const { storage, runtimes } = facts;
  if (wish.storage !== undefined && wish.storage !== storage) return `keeps its images with ${storage}`;
  const runtime = runtimeByName(facts, wish);
  if (runtime !== undefined && !runtimes.includes(runtime)) return `has no runtime ${runtime}`;
  return undefined;
}

function canStartOne(): boolean {
  const missing = ['dockerd', 'containerd', 'runc'].some((name) => findCommand(name) === undefined);
  return process.getuid?.() === 0 && !missing;
}
