/** The rig of a run: image, work folder and prepared environments; what is measured with it; and its orderly removal. */

import { BoxmarkError, EXIT, nearest } from '../bench/errors.ts';
import { describePlan } from '../bench/kinds/index.ts';
import { aggressorWorkloads } from '../bench/plan/aggressors.ts';
import type { PlanDraft } from '../bench/plan/plan.ts';
import type { TimeGuess } from '../bench/run/kind.ts';
import type { SessionOutcome } from '../bench/run/session.ts';
import type { SessionInfo } from '../bench/session/info.ts';
import type {
  BoxSpec,
  Environment,
  Image,
  Plan,
  PlannedEnvironment,
  Runner,
  Unavailable,
  Workspace,
} from '../bench/types.ts';
import { ALIASES, isAlias, type Resolved, resolveEnvironments, resolvePlanned } from '../runners/aliases.ts';
import { ensureImage, importImage, loadImage } from '../runners/image/image.ts';
import type { ProgramImage, ProgramNeeds, ResolvedCommand } from '../runners/image/program-needs.ts';
import { programImage } from '../runners/image/programs.ts';
import { RUNNERS } from '../runners/index.ts';
import { layerNames, parsePath } from '../runners/stack/path.ts';
import { prepareStack, type StackContext } from '../runners/stack/stack.ts';
import { boxSpecFor } from './names.ts';
import { payloadFile } from './paths.ts';
import { type ClaimedHost, claimHost } from './session/claim-host.ts';
import { type Calibration, measureNew, measureOn, type PreparedRig, type ResumeOptions } from './session/measure.ts';
import type { MeasuringFlags } from './session/measuring-flags.ts';
import { announcement, assertAllowed, type StoredOrigin } from './session/stored-origin.ts';
import { type NoteListener, WorkFolder } from './session/work-folder.ts';
import { asCalled } from './terminal/called-as.ts';
import { interruptSignal } from './terminal/interrupt.ts';
import { createProgress, type Progress } from './terminal/progress.ts';
import { stderr, stdout } from './terminal/streams.ts';

export interface RigOptions extends MeasuringFlags {
  readonly quiet: boolean;
  /** Look only, prepare nothing. */
  readonly dryRun: boolean;
  /** An exported image to run instead of this host's. */
  readonly imageFile: string | undefined;
  /** An image of the store to run, by its digest. */
  readonly imageDigest?: string;
  /** Programs of the user's, which are added to the image. */
  readonly programs?: ProgramNeeds | undefined;
}

/** What is to be prepared: of a plan's settings, or of a session's plan. */
export interface RigSettings extends Pick<PlanDraft, 'requested' | 'baseline' | 'limits' | 'workloads'> {
  readonly aggressors?: PlanDraft['aggressors'] | undefined;
  readonly threads?: number | undefined;
  /** The session that names the environments; null when the user does, on the command line or in a plan file. */
  readonly origin: StoredOrigin | null;
}

/** A run that is watched: what interrupts it, and where its progress is shown. */
interface Watch {
  readonly signal: AbortSignal;
  readonly progress: Progress;
  readonly flags: MeasuringFlags;
}

/** What a rig consists of once it is prepared. */
interface Parts extends Pick<Resolved, 'planned' | 'environments' | 'refused' | 'passedOver'> {
  readonly image: Image;
  readonly spec: BoxSpec | undefined;
  readonly commands: readonly ResolvedCommand[];
  readonly baseline: string;
  readonly threads: number;
  readonly control: Environment | undefined;
  readonly verifier: Environment | undefined;
}

/** Every name that `-e` knows. */
export const ENVIRONMENT_NAMES: readonly string[] = [...RUNNERS.map(({ name }) => name), ...ALIASES];

/** Prepared environments, ready to be measured. */
export class Rig implements PreparedRig {
  readonly image: Image;
  /** Of every payload's box. */
  readonly spec: BoxSpec | undefined;
  /** How the user's programs are run in it. */
  readonly commands: readonly ResolvedCommand[];
  readonly planned: readonly PlannedEnvironment[];
  readonly environments: readonly Environment[];
  readonly baseline: string;
  /** Copies of every workload that run at once in each environment. */
  readonly threads: number;
  /** Neither this nor the verifier is prepared in a dry run. */
  readonly control: Environment | undefined;
  readonly verifier: Environment | undefined;
  readonly refused: readonly Unavailable[];
  readonly passedOver: readonly Unavailable[];
  readonly signal: AbortSignal;
  readonly progress: Progress;
  readonly flags: MeasuringFlags;
  readonly #folder: WorkFolder;

  private constructor(folder: WorkFolder, parts: Parts, { signal, progress, flags }: Watch) {
    this.#folder = folder;
    this.flags = flags;
    this.image = parts.image;
    this.spec = parts.spec;
    this.commands = parts.commands;
    this.planned = parts.planned;
    this.environments = parts.environments;
    this.baseline = parts.baseline;
    this.threads = parts.threads;
    this.control = parts.control;
    this.verifier = parts.verifier;
    this.refused = parts.refused;
    this.passedOver = parts.passedOver;
    this.signal = signal;
    this.progress = progress;
  }

  /** What is prepared in `made` so far is removed by the caller also when this fails. */
  static async prepare(
    folder: WorkFolder,
    made: Environment[],
    settings: RigSettings & RigOptions,
    watch: Watch,
  ): Promise<Rig> {
    const { dryRun } = settings;
    const { progress, signal } = watch;
    const requested = requestedOf(settings);
    progress.phase('building the image');
    const { image, commands } = await withPrograms(await imageOf(settings), settings);
    const { threads = 1 } = settings;
    const spec = boxSpecFor([...settings.workloads, ...aggressorWorkloads(settings)]);
    const context = contextOf({ image, workspace: folder.workspace, spec, threads });
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
    const verifier = dryRun ? undefined : await prepareVerifier(context, folder.workspace);
    if (verifier !== undefined) made.push(verifier);
    signal.throwIfAborted();
    const parts = { ...resolved, image, spec, commands, planned, baseline, control, verifier, threads };
    return new Rig(folder, parts, watch);
  }

  get workspace(): Workspace {
    return this.#folder.workspace;
  }

  get workFolder(): string {
    return this.workspace.dir;
  }

  onNote(listener: NoteListener): void {
    this.#folder.onNote(listener);
  }

  /** What is about to be measured, for the reader, and what of the request can't be, and why. */
  announce(plan: Plan): void {
    for (const line of describePlan(plan, timeGuess)) this.progress.say(line);
    for (const line of refusalLines(this)) this.progress.say(line);
  }

  /** Measures a new session below `out`; with other environments or refusals than those of the rig where they are given. */
  async measure(
    plan: Plan,
    { out, work, rates, ...instead }: MeasureOptions & Partial<Pick<PreparedRig, 'environments' | 'refused'>>,
  ): Promise<SessionOutcome> {
    const outcome = await measureNew(this.#with(instead), plan, {
      out,
      ...(work && { work }),
      ...(rates && { rates }),
    });
    this.progress.done();
    return outcome;
  }

  /** Resumes the session in its folder: `info` with the plan that holds from now on. */
  async resume(info: SessionInfo, options: ResumeOptions): Promise<SessionOutcome> {
    const outcome = await measureOn(this, info, options);
    this.progress.done();
    return outcome;
  }

  #with({ environments = this.environments, refused = this.refused }: Partial<PreparedRig>): PreparedRig {
    return { ...this, environments, refused, workFolder: this.workFolder, onNote: (listener) => this.onNote(listener) };
  }
}

interface MeasureOptions extends Calibration {
  readonly out: string;
}

/**
 * Prepares a rig, does something with it, and clears up whatever happens. Returns the exit code of `act`; 130 when an
 * interrupt came before there was anything to keep.
 */
export async function withRig(
  settings: RigSettings,
  options: RigOptions,
  act: (rig: Rig) => Promise<number>,
): Promise<number> {
  const interrupt = interruptSignal();
  const { signal } = interrupt;
  // Both on one terminal would garble each other.
  const isQuiet = options.quiet || (options.jsonLines === true && stdout.isTTY);
  const progress = createProgress(stderr, { quiet: isQuiet });
  signal.addEventListener('abort', () => progress.done(), { once: true });
  const made: Environment[] = [];
  let claimed: ClaimedHost | undefined;
  let folder: WorkFolder | undefined;
  let left: readonly string[] = [];
  let wasInterrupted = false;
  let code: number;
  try {
    admit(settings, options, progress);
    if (!options.dryRun) claimed = await claimHost(options, settings.limits, { signal, progress });
    folder = await WorkFolder.open(settings.limits, signal, !options.dryRun);
    if (claimed?.otherRun !== undefined) folder.workspace.note({ kind: 'other-run', run: claimed.otherRun });
    code = await act(
      await Rig.prepare(folder, made, { ...settings, ...options }, { signal, progress, flags: options }),
    );
  } catch (error) {
    if (!signal.aborted) throw error;
    code = EXIT.interrupted;
    wasInterrupted = true;
  } finally {
    progress.done();
    for (const environment of made.toReversed()) await environment.dispose();
    left = (await folder?.clear()) ?? [];
    for (const text of left) stderr.write(`boxmark: ${text}\n`);
    await claimed?.release();
    interrupt.release();
  }
  if (wasInterrupted) {
    const rest = left.length === 0 ? '; nothing is left behind' : '';
    stderr.write(`boxmark: interrupted before anything was measured${rest}\n`);
  }
  return left.length > 0 && code === EXIT.ok ? EXIT.failed : code;
}

/** What was requested and can't be measured, and candidates of aliases that others stand in for: one line for each reason. */
export function refusalLines({ refused, passedOver }: Pick<Resolved, 'refused' | 'passedOver'>): string[] {
  return [...linesOf('cannot run  ', refused), ...linesOf('passed over ', passedOver)];
}

function linesOf(lead: string, list: readonly Unavailable[]): string[] {
  const byReason = new Map<string, string[]>();
  for (const { path, alias, reason, remedy } of list) {
    const why = `${reason.replace(/\.$/, '')} (try: ${asCalled(remedy)})`;
    byReason.set(why, [...(byReason.get(why) ?? []), alias === undefined ? path : `${path} (${alias})`]);
  }
  return [...byReason].map(([why, paths]) => `${lead}  ${[...new Set(paths)].join(', ')}: ${why}`);
}

function requestedOf({ requested, baseline }: RigSettings): readonly string[] {
  return requested.includes(baseline) ? requested : [baseline, ...requested];
}

/** Before anything is made: can the paths be read, may they run, and does the user know what runs? */
function admit(settings: RigSettings, { dryRun, imageFile }: RigOptions, progress: Progress): void {
  const paths = requestedOf(settings);
  const { origin } = settings;
  for (const name of paths) if (!isAlias(name)) parsePath(name, RUNNERS, suggestion);
  if (origin !== null) assertAllowed(paths, origin);
  if (dryRun) return;
  for (const text of announcement({ paths, origin, imageFile })) progress.say(text);
}

function imageOf({ imageFile, imageDigest }: RigOptions): Promise<Image> {
  if (imageDigest !== undefined) return loadImage(imageDigest);
  return imageFile === undefined ? ensureImage(payloadFile()) : importImage(imageFile);
}

async function withPrograms(image: Image, { programs }: RigOptions): Promise<ProgramImage> {
  return programs === undefined ? { image, commands: [] } : programImage(image, programs);
}

/** What layers are prepared with. */
export function contextOf({ image, workspace, spec, threads }: Pick<Rig, 'image' | 'workspace' | 'spec' | 'threads'>) {
  return { runners: RUNNERS, image, workspace, nearest: suggestion, threads, ...(spec === undefined ? {} : { spec }) };
}

export function suggestion(name: string, known = ENVIRONMENT_NAMES): string {
  return nearest(name, known);
}

/** Computes states on the CPUs that nothing is measured on. */
async function prepareVerifier({ spec: _, ...context }: StackContext, workspace: Workspace): Promise<Environment> {
  const limits = { ...workspace.limits, cpus: workspace.limits.housekeeping };
  const [native] = RUNNERS.filter(({ name }) => name === 'native');
  return prepareStack('native', [native as Runner], { ...context, threads: 1, workspace: { ...workspace, limits } });
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
export function timeGuess(box: string): ReturnType<TimeGuess> {
  const layers = layerNames(box.replace(/@\w+$/, '')).map(
    (name) => RUNNERS.find((runner) => runner.name === name)?.kind ?? 'process',
  );
  const containers = layers.filter((kind) => kind === 'container').length;
  if (layers.includes('vm')) return { startSeconds: 5, factor: 14 };
  if (layers.includes('guest-kernel')) return { startSeconds: 1.5, factor: 1.1 };
  return { startSeconds: 0.3 + containers * 0.6 + (containers > 1 ? 2 : 0), factor: 1 };
}
