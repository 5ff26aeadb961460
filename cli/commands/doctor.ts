/** `boxmark doctor`: what can run here, tried for real, what can't and why, and what on this host makes noise. */

import { EXIT } from '../../bench/errors.ts';
import type { FlagValues } from '../../bench/plan/read-flags.ts';
import type { Image } from '../../bench/types.ts';
import { cut, wrap } from '../../reports/text.ts';
import { CONTAINERS, candidatesOf } from '../../runners/aliases.ts';
import { defaultLimits } from '../../runners/host/cpus.ts';
import { type HostFacts, readHost } from '../../runners/host/facts.ts';
import { type NoiseCheck, preflight } from '../../runners/host/noise.ts';
import { ensureImage } from '../../runners/image/image.ts';
import { RUNNERS } from '../../runners/index.ts';
import { parsePath } from '../../runners/stack/path.ts';
import { prepareStack, refusalOf, type StackContext } from '../../runners/stack/stack.ts';
import { conclude } from '../conclude.ts';
import { payloadFile } from '../paths.ts';
import { suggestion } from '../rig.ts';
import { WorkFolder } from '../session/work-folder.ts';
import { asCalled } from '../terminal/called-as.ts';
import { interruptSignal } from '../terminal/interrupt.ts';
import { createProgress } from '../terminal/progress.ts';
import { stderr } from '../terminal/streams.ts';

interface Row {
  readonly path: string;
  readonly available: boolean;
  /** Version and labels, or the reason. */
  readonly found: string;
  readonly remedy: string | null;
}

const WIDTH = 80;
const MEMORY_BYTES = 2 ** 30;
/** Nested environments of two engines that are worth a row: a published comparison has it, and it is there in seconds. */
const MIXED = ['lxc/docker'];
/** Settings that make another engine of one. */
const VARIANTS = ['docker:runsc', 'podman:rootless=yes'];

export async function doctor(flags: FlagValues<'doctor'>): Promise<number> {
  const limits = defaultLimits(undefined, MEMORY_BYTES);
  const host = await readHost(limits);
  const noise = preflight(limits.cpus);
  const { rows, leftBehind } = await tryAll(flags.quiet === true);
  const left = leftBehind.flatMap((text) => ['', ...wrap(text, WIDTH)]);
  const lines = () => [...hostLines(host), '', ...environmentLines(rows), ...left, '', ...noiseLines(noise)];
  return conclude(
    {
      json: flags.json,
      document: () => ({ environments: rows, noise, host, leftBehind }),
      text: () => `${lines().join('\n')}\n`,
    },
    rows.some(({ available }) => available) ? EXIT.ok : EXIT.unfit,
  );
}

/** Every layer by itself, every one that can hold others inside itself, and some on others: prepared as for a run, then removed. */
async function tryAll(quiet: boolean): Promise<{ rows: Row[]; leftBehind: string[] }> {
  const interrupt = interruptSignal();
  const progress = createProgress(stderr, { quiet });
  const folder = await WorkFolder.open(defaultLimits(undefined, MEMORY_BYTES), interrupt.signal, false);
  const leftBehind: string[] = [];
  let rows: Row[] = [];
  try {
    rows = await tryPaths(folder, (path) => {
      interrupt.signal.throwIfAborted();
      progress.phase(`trying ${path}`);
    });
  } finally {
    progress.done();
    leftBehind.push(...(await folder.clear()));
    interrupt.release();
  }
  return { rows, leftBehind };
}

async function tryPaths({ workspace }: WorkFolder, onAttempt: (path: string) => void): Promise<Row[]> {
  const rows: Row[] = [];
  let image: Image;
  try {
    image = await ensureImage(payloadFile());
  } catch (error) {
    return pathsToTry().map((path) => absent(path, error));
  }
  for (const path of pathsToTry()) {
    onAttempt(path);
    const outer = rows.find((row) => row.path === path.split(/[:/]/)[0] && !row.available);
    rows.push(outer === undefined ? await tryOne(path, { runners: RUNNERS, image, workspace }) : { ...outer, path });
  }
  const isThere = (name: string) => rows.some((row) => row.path === name && row.available);
  const vm = (await candidatesOf('vm', undefined, workspace)).find(isThere);
  const container = CONTAINERS.find(isThere);
  return rows.map((row) => ({ ...row, found: aliasOf(row, { vm, container }) }));
}

function pathsToTry(): string[] {
  // What can't do without a setting has no meaning by itself.
  const boxes = RUNNERS.filter(
    ({ transparent, settings }) => !transparent && !settings?.known.some(({ required }) => required),
  );
  // A guest kernel boots on the host only.
  return boxes.flatMap(({ name, holds, guestKernel }) => [
    name,
    ...VARIANTS.filter((path) => path.startsWith(`${name}:`)),
    ...(holds && !guestKernel ? [`${name}/${name}`] : []),
    ...MIXED.filter((path) => path.startsWith(`${name}/`)),
  ]);
}

/** One environment that fails in a new way, or can't be removed, costs its own row and not the table. */
async function tryOne(path: string, context: StackContext): Promise<Row> {
  try {
    const environment = await prepareStack(path, parsePath(path, RUNNERS, suggestion), context);
    const versions = [...new Set(Object.values(environment.versions))].join(', ');
    const row = { path, available: true, found: [versions, ...environment.labels].join('; '), remedy: null };
    await environment.dispose();
    return row;
  } catch (error) {
    context.workspace.signal.throwIfAborted();
    return absent(path, error);
  }
}

function absent(path: string, error: unknown): Row {
  const { reason, remedy } = refusalOf(error);
  return { path, available: false, found: reason, remedy };
}

function aliasOf(row: Row, { vm, container }: { vm: string | undefined; container: string | undefined }): string {
  if (row.path === vm) return `${row.found} ("vm")`;
  if (row.path === container) return `${row.found} ("container")`;
  if (container !== undefined && row.path === `${container}/${container}` && row.available)
    return `${row.found} ("nested")`;
  return row.found;
}

function hostLines({ hardware, stack, fingerprint }: HostFacts): string[] {
  return [
    `Host         ${hardware.cpuModel ?? 'unknown processor'}, ${stack.distribution ?? 'Linux'}, kernel ${stack.kernelRelease ?? '?'}`,
    `Fingerprint  ${fingerprint.slice(0, 16)} (hardware; stable over boots and updates)`,
  ];
}

function environmentLines(rows: readonly Row[]): string[] {
  const name = Math.max(...rows.map(({ path }) => path.length));
  return rows.flatMap(({ path, available, found, remedy }) => {
    const lead = `${available ? 'can run' : 'cannot '}  ${path.padEnd(name)}  `;
    const text = wrap(
      remedy === null ? found : `${found.replace(/\.$/, '')}. Try: ${asCalled(remedy)}`,
      WIDTH - lead.length,
    );
    return text.map((line, index) => (index === 0 ? lead : ' '.repeat(lead.length)) + line);
  });
}

function noiseLines(checks: readonly NoiseCheck[]): string[] {
  const name = Math.max(...checks.map((check) => check.name.length));
  const lines = checks.map((check) =>
    cut(`${check.state.padEnd(7)}  ${check.name.padEnd(name)}  ${check.value}`, WIDTH),
  );
  const warnings = checks.filter(({ state }) => state === 'warn');
  return [
    'Noise',
    ...lines,
    ...warnings.flatMap((check) => [
      '',
      ...wrap(`${check.name}: ${check.meaning} Try: ${asCalled(check.remedy)}`, WIDTH),
    ]),
  ];
}
