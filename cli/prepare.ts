/** From the settings of a run to prepared environments: image, engines, boxes; and their orderly removal. */

import { BoxmarkError } from '../bench/errors.ts';
import { nearest, type PlanSettings } from '../bench/plan/plan.ts';
import type { TimeGuess } from '../bench/run/kind.ts';
import type { Environment, Image, PlannedEnvironment, Runner, Unavailable, Workspace } from '../bench/types.ts';
import { ALIASES, isAlias, type Resolved, resolveEnvironments, resolvePlanned } from '../runners/aliases.ts';
import { ensureImage, importImage, loadImage } from '../runners/image/image.ts';
import { RUNNERS } from '../runners/index.ts';
import { layerNames, parsePath } from '../runners/stack/path.ts';
import { prepareStack, type StackContext } from '../runners/stack/stack.ts';
import { payloadFile } from './paths.ts';
import type { Progress } from './progress.ts';
import { announcement, assertAllowed, type StoredOrigin } from './stored-origin.ts';
import { openWorkbench, type Workbench } from './workbench.ts';

/** Prepared environments, ready to be measured. */
export interface Bench {
  readonly workbench: Workbench;
  readonly image: Image;
  readonly planned: readonly PlannedEnvironment[];
  readonly environments: readonly Environment[];
  readonly baseline: string;
  readonly control: Environment | undefined;
  readonly verifier: Environment | undefined;
  readonly refused: readonly Unavailable[];
  readonly passedOver: readonly Unavailable[];
  readonly costOf: TimeGuess;
  dispose(): Promise<void>;
}

export interface BenchOptions {
  readonly signal: AbortSignal;
  readonly progress: Progress;
  /** Look only, prepare nothing. */
  readonly dryRun: boolean;
  /** An exported image to run instead of this host's. */
  readonly imageFile: string | undefined;
  /** An image of the store to run, by its digest. */
  readonly imageDigest?: string;
}

/** What is to be prepared: of a plan's settings, or of a session's plan. */
export type BenchSettings = Pick<PlanSettings, 'requested' | 'baseline'> & {
  readonly rest: Pick<PlanSettings['rest'], 'limits'>;
  /** The session that names the environments; null when the user does, on the command line or in a plan file. */
  readonly origin: StoredOrigin | null;
};

/** Every name that `-e` knows. */
export const ENVIRONMENT_NAMES: readonly string[] = [...RUNNERS.map(({ name }) => name), ...ALIASES];

export async function openBench(settings: BenchSettings, options: BenchOptions): Promise<Bench> {
  const { progress, signal, dryRun } = options;
  const requested = settings.requested.includes(settings.baseline)
    ? settings.requested
    : [settings.baseline, ...settings.requested];
  for (const name of requested) if (!isAlias(name)) parsePath(name, RUNNERS, suggestion);
  const { origin } = settings;
  if (origin !== null) assertAllowed(requested, origin);
  const announced = dryRun ? [] : announcement({ paths: requested, origin, imageFile: options.imageFile });
  for (const text of announced) progress.say(text);
  const workbench = await openWorkbench(settings.rest.limits, signal, !dryRun);
  const { workspace } = workbench;
  const made: Environment[] = [];
  const dispose = async () => {
    for (const environment of made.toReversed()) await environment.dispose();
    await workbench.dispose();
  };
  try {
    progress.phase('building the image');
    const image = await imageOf(options);
    const context = { runners: RUNNERS, image, workspace, nearest: suggestion };
    const resolved: Resolved = dryRun
      ? await resolvePlanned(requested, context)
      : await resolveEnvironments(requested, { ...context, onAttempt: (path) => progress.phase(`preparing ${path}`) });
    made.push(...resolved.environments);
    const baseline = baselineOf(settings.baseline, resolved);
    const planned = [...resolved.planned].sort((a, b) => Number(b.path === baseline) - Number(a.path === baseline));
    const control = dryRun
      ? undefined
      : await prepareStack(baseline, parsePath(baseline, RUNNERS, suggestion), context);
    if (control !== undefined) made.push(control);
    const verifier = dryRun ? undefined : await prepareVerifier(context, workspace);
    if (verifier !== undefined) made.push(verifier);
    signal.throwIfAborted();
    return { ...resolved, workbench, image, planned, baseline, control, verifier, costOf, dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

function imageOf({ imageFile, imageDigest }: BenchOptions): Promise<Image> {
  if (imageDigest !== undefined) return loadImage(imageDigest);
  return imageFile === undefined ? ensureImage(payloadFile()) : importImage(imageFile);
}

export function suggestion(name: string, known = ENVIRONMENT_NAMES): string {
  return nearest(name, known);
}

/** Reckons states on the CPUs that nothing is measured on. */
async function prepareVerifier(context: StackContext, workspace: Workspace): Promise<Environment> {
  const limits = { ...workspace.limits, cpus: workspace.limits.housekeeping };
  const [native] = RUNNERS.filter(({ name }) => name === 'native');
  return prepareStack('native', [native as Runner], { ...context, workspace: { ...workspace, limits } });
}

function baselineOf(name: string, resolved: Resolved): string {
  const found = resolved.planned.find(({ path, alias }) => path === name || alias === name);
  if (found !== undefined) return found.path;
  const refusal = resolved.refused.find(({ path, alias }) => path === name || alias === name);
  throw new BoxmarkError({
    what: `The baseline can't run here: ${refusal?.reason ?? 'it was not prepared'}`,
    value: name,
    remedy: refusal?.remedy ?? 'boxmark doctor',
  });
}

/** Rough figures from the kind of each layer; only the time estimate rests on them. */
function costOf(box: string): ReturnType<TimeGuess> {
  const layers = layerNames(box.replace(/@\w+$/, '')).map(
    (name) => RUNNERS.find((runner) => runner.name === name)?.kind ?? 'process',
  );
  const containers = layers.filter((kind) => kind === 'container').length;
  if (layers.includes('vm')) return { startSeconds: 5, factor: 14 };
  if (layers.includes('guest-kernel')) return { startSeconds: 1.5, factor: 1.1 };
  return { startSeconds: 0.3 + containers * 0.6 + (containers > 1 ? 2 : 0), factor: 1 };
}
