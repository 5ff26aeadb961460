/** `boxmark doctor`: what can run here, tried for real, what can't and why, and what on this host makes noise. */

import { EXIT } from '../../bench/errors.ts';
import type { FlagValues } from '../../bench/plan/read-flags.ts';
import type { Environment } from '../../bench/types.ts';
import { cut, wrap } from '../../reports/text.ts';
import { CONTAINERS, candidatesOf } from '../../runners/aliases.ts';
import { defaultLimits } from '../../runners/host/cpus.ts';
import { type HostFacts, readHost } from '../../runners/host/facts.ts';
import { type NoiseCheck, preflight } from '../../runners/host/noise.ts';
import { ensureImage } from '../../runners/image/image.ts';
import { RUNNERS } from '../../runners/index.ts';
import { parsePath } from '../../runners/stack/path.ts';
import { prepareStack, UnavailableError } from '../../runners/stack/stack.ts';
import { conclude } from '../conclude.ts';
import { payloadFile } from '../paths.ts';
import { suggestion } from '../rig.ts';
import { WorkFolder } from '../session/work-folder.ts';
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
  const host = await readHost();
  const limits = defaultLimits(undefined, MEMORY_BYTES);
  const noise = preflight(limits.cpus);
  const rows = await tryAll(flags.quiet === true);
  const lines = () => [...hostLines(host), '', ...environmentLines(rows), '', ...noiseLines(noise)];
  return conclude(
    {
      json: flags.json,
      document: () => ({ environments: rows, noise, host }),
      text: () => `${lines().join('\n')}\n`,
    },
    rows.some(({ available }) => available) ? EXIT.ok : EXIT.unfit,
  );
}

/** Every layer by itself, every one that can hold others inside itself, and some on others: prepared as for a run, then removed. */
async function tryAll(quiet: boolean): Promise<Row[]> {
  const interrupt = interruptSignal();
  const progress = createProgress(stderr, { quiet });
  const folder = await WorkFolder.open(defaultLimits(undefined, MEMORY_BYTES), interrupt.signal, false);
  const rows: Row[] = [];
  try {
    const image = await ensureImage(payloadFile());
    const context = { runners: RUNNERS, image, workspace: folder.workspace };
    // What can't do without a setting has no meaning by itself.
    const boxes = RUNNERS.filter(
      ({ transparent, settings }) => !transparent && !settings?.known.some(({ required }) => required),
    );
    // A guest kernel boots on the host only.
    const paths = boxes.flatMap(({ name, holds, guestKernel }) => [
      name,
      ...VARIANTS.filter((path) => path.startsWith(`${name}:`)),
      ...(holds && !guestKernel ? [`${name}/${name}`] : []),
      ...MIXED.filter((path) => path.startsWith(`${name}/`)),
    ]);
    for (const path of paths) {
      interrupt.signal.throwIfAborted();
      progress.phase(`trying ${path}`);
      const outer = rows.find((row) => row.path === path.split(/[:/]/)[0] && !row.available);
      rows.push(outer === undefined ? await tryOne(path, context) : { ...outer, path });
    }
    const vm = (await candidatesOf('vm', undefined, folder.workspace)).find((name) =>
      rows.some((row) => row.path === name && row.available),
    );
    const container = CONTAINERS.find((name) => rows.some((row) => row.path === name && row.available));
    return rows.map((row) => ({ ...row, found: aliasOf(row, { vm, container }) }));
  } finally {
    progress.done();
    await folder.dispose();
    interrupt.release();
  }
}

async function tryOne(path: string, context: Parameters<typeof prepareStack>[2]): Promise<Row> {
  let environment: Environment | undefined;
  try {
    environment = await prepareStack(path, parsePath(path, RUNNERS, suggestion), context);
    const versions = [...new Set(Object.values(environment.versions))].join(', ');
    return { path, available: true, found: [versions, ...environment.labels].join('; '), remedy: null };
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    return { path, available: false, found: error.message, remedy: error.unavailable.remedy };
  } finally {
    await environment?.dispose();
  }
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
    `Fingerprint  ${fingerprint.slice(0, 16)} (hardware; stable over boots)`,
  ];
}

function environmentLines(rows: readonly Row[]): string[] {
  const name = Math.max(...rows.map(({ path }) => path.length));
  return rows.flatMap(({ path, available, found, remedy }) => {
    const lead = `${available ? 'can run' : 'cannot '}  ${path.padEnd(name)}  `;
    const text = wrap(remedy === null ? found : `${found.replace(/\.$/, '')}. Try: ${remedy}`, WIDTH - lead.length);
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
    ...warnings.flatMap((check) => ['', ...wrap(`${check.name}: ${check.meaning} Try: ${check.remedy}`, WIDTH)]),
  ];
}
