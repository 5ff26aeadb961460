/** `boxmark doctor`: what can run here, tried for real, what can't and why, and what on this host makes noise. */

import { Command } from 'commander';
import { EXIT } from '../../bench/errors.ts';
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
import { payloadFile } from '../paths.ts';
import { suggestion } from '../prepare.ts';
import { createProgress } from '../progress.ts';
import { stderr, stdout } from '../streams.ts';
import { interruptSignal, openWorkbench } from '../workbench.ts';

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

export function doctorCommand(): Command {
  return new Command('doctor')
    .description("what can run here and what can't, why, and the remedy; what makes noise")
    .option('--json', 'print the findings as one JSON document')
    .option('-q, --quiet', 'no progress')
    .option('-v, --verbose', 'details with errors')
    .addHelpText('after', '\nExample:\n  boxmark doctor')
    .action(async (flags: { json?: boolean; quiet?: boolean }) => {
      const host = await readHost();
      const limits = defaultLimits(undefined, MEMORY_BYTES);
      const noise = preflight(limits.cpus);
      const rows = await tryAll(flags.quiet === true);
      if (flags.json) stdout.write(`${JSON.stringify({ environments: rows, noise, host }, null, 2)}\n`);
      else
        stdout.write(`${[...hostLines(host), '', ...environmentLines(rows), '', ...noiseLines(noise)].join('\n')}\n`);
      if (!rows.some(({ available }) => available)) process.exitCode = EXIT.unfit;
    });
}

/** Every layer by itself, every one that can hold others inside itself, and some on others: prepared as for a run, then removed. */
async function tryAll(quiet: boolean): Promise<Row[]> {
  const interrupt = interruptSignal();
  const progress = createProgress(stderr, { quiet });
  const workbench = await openWorkbench(defaultLimits(undefined, MEMORY_BYTES), interrupt.signal, false);
  const rows: Row[] = [];
  try {
    const image = await ensureImage(payloadFile());
    const context = { runners: RUNNERS, image, workspace: workbench.workspace };
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
    const vm = (await candidatesOf('vm', undefined, workbench.workspace)).find((name) =>
      rows.some((row) => row.path === name && row.available),
    );
    const container = CONTAINERS.find((name) => rows.some((row) => row.path === name && row.available));
    return rows.map((row) => ({ ...row, found: aliasOf(row, { vm, container }) }));
  } finally {
    progress.done();
    await workbench.dispose();
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
