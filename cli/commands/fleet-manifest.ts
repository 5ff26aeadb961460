/** `boxmark fleet manifest`: a plan as the objects of Kubernetes that have every node measure it. */

import { EXIT, messageOf, usageError } from '../../bench/errors.ts';
import { digestOfText } from '../../bench/fleet/job.ts';
import { KEPT_ON_NODE } from '../../bench/plan/cluster-flags.ts';
import { defaultFor, type FlagValues, type PlanInput } from '../../bench/plan/read-flags.ts';
import { isPrinted, writeOutput } from '../../bench/session/files.ts';
import { manifestText } from '../../fleet/kubernetes/manifest.ts';
import { selectorOf } from '../../fleet/kubernetes/names.ts';
import { parsePlan, readPlanText } from '../session/plan-file.ts';
import { stderr, stdout } from '../terminal/streams.ts';

const COMMAND = 'fleet manifest';

export function fleetManifest(flags: FlagValues<'fleet manifest'>): number {
  const { plan: file = '', image = '', native = false, indexed, output, wait } = flags;
  const plan = readPlanText(file);
  warnOfNative(parsePlan(plan, file), native);
  const planDigest = digestOfText(plan);
  const text = manifestText({
    job: { fleet: flags.name ?? `boxmark-${planDigest.slice(0, 10)}`, plan, planDigest, flags: waiting(wait) },
    namespace: flags.namespace ?? null,
    image,
    selector: selectorOf(flags.selector ?? []),
    socket: flags.socket ?? defaultFor(COMMAND, 'socket'),
    native,
    nodes: indexed ?? null,
    cpus: flags.cpus ?? defaultFor(COMMAND, 'cpus'),
    memoryBytes: flags.podMemory ?? defaultFor(COMMAND, 'podMemory'),
    keep: keptIn(flags.keep) ?? (indexed === undefined ? KEPT_ON_NODE : null),
    tolerate: flags.tolerate === true,
  });
  if (isPrinted(output)) stdout.write(text);
  else write(output, text);
  return EXIT.ok;
}

function waiting(ns: number | undefined): string[] {
  return ns === undefined ? [] : ['--wait', `${Math.ceil(ns / 1e9)}s`];
}

function write(file: string, text: string): void {
  try {
    writeOutput(file, text);
  } catch (error) {
    throw usageError(
      `The manifest can't be written: ${messageOf(error)}.`,
      file,
      'a file that you may write to, with -o',
    );
  }
}

function keptIn(folder: string | undefined): string | undefined {
  if (folder === undefined || /^\/(?!.*(?:^|\/)\.\.?(?:\/|$))[\w./-]+$/.test(folder)) return folder;
  throw usageError('--keep takes the path of a folder on the nodes, from the root.', folder, KEPT_ON_NODE);
}

/** Without `env` a plan measures natively as well. */
function warnOfNative({ env, baseline }: PlanInput, native: boolean): void {
  if (native || !(env === undefined || env.includes('native') || baseline === 'native')) return;
  stderr.write(
    'boxmark: the plan measures natively, and without --native a pod has no processes of its node: the barest container is the baseline there\n',
  );
}
