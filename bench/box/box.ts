/** The interfaces of boxes, layers and environments: what the runners offer and what measuring sees of them. Import them from `types.ts`. */

import type { Traits } from './traits.ts';
export interface Limits {
  /** CPUs that the workload may use, ascending. */
  readonly cpus: readonly number[];
  /** CPUs for the harness, daemons and helpers; equals `cpus` when there are no others. */
  readonly housekeeping: readonly number[];
  readonly memoryBytes: number;
  readonly pids: number;
}

/** What a run may use on the host. All of it is removed at the end. */
export interface Workspace {
  /** Short id, also the label of everything the run creates. */
  readonly id: string;
  /** Private folder on a real file system (no overlay, no tmpfs), absolute. */
  readonly dir: string;
  readonly limits: Limits;
  readonly signal: AbortSignal;
  note(note: Note): void;
}

/** What a run notices about its host and engines, for `events.jsonl`; `bench/session/events.ts` explains each. */
export type Note =
  | { readonly kind: 'harness-not-pinned' | 'uml-memory' | 'shared-core'; readonly reason: string }
  /** What the other run says of itself. */
  | { readonly kind: 'other-run'; readonly run: string }
  /** `start`: of which; `box`: inside which other box. */
  | { readonly kind: 'no-cgroup'; readonly start: string; readonly box?: string; readonly reason: string }
  | {
      readonly kind: 'docker-daemon';
      readonly version: string;
      readonly storage: string;
      readonly pid: number | undefined;
    }
  | { readonly kind: 'docker-daemon-died'; readonly pid: number | undefined }
  | { readonly kind: 'aci'; readonly id: string; readonly bytes: number };

/** The one content-addressed image that all boxes run. */
export interface Image {
  /** SHA-256 over the manifest (path, mode, digest of every file), 64 hex digits. */
  readonly digest: string;
  /** Root folder of the unpacked image on the host; read-only by convention. */
  readonly root: string;
  /** Command that runs the payload inside a box whose root is the image. */
  readonly payloadArgv: readonly string[];
  /** The same for a process on the host, with `root` prefixed; through the image's own loader when the host's libraries differ. */
  readonly nativeArgv: readonly string[];
  /** SHA-256 of the Node.js binary and of the payload, 64 hex digits. */
  readonly nodeDigest: string;
  readonly payloadDigest: string;
  /** The root is one that the user brought, and programs run as this user of it. Natively it is entered by chroot. */
  readonly userRoot?: { readonly uid: number; readonly gid: number };
}

export interface ExecOptions {
  readonly timeoutMs?: number;
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface ExecResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
}

export interface ExitStatus {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

/** A running command in a box, with line-based input and output. */
export interface BoxProcess {
  /** Process id on the host of the outermost command. */
  readonly pid: number | undefined;
  /** Writes one line to its standard input. */
  write(line: string): void;
  /** Called for each line of standard output as it arrives, with the host's monotonic time in ns. Set once. */
  onLine(listener: (line: string, atNs: bigint) => void): void;
  /** Last lines of standard error. */
  errorTail(): string;
  /** Resolves when it has ended; never rejects. */
  readonly exited: Promise<ExitStatus>;
  /** Ends it for good (SIGKILL to its group). */
  kill(): void;
}

/** An opened layer: something that can run a command and be closed. */
export interface Box {
  /** `host` for the root box, else layer names joined by `/`. */
  readonly path: string;
  /** A folder inside the box that is writable, not an overlay, and shared with nobody. */
  readonly scratch: string;
  /** Where `OpenOptions.spec` asks for it and the engine has it. */
  readonly data?: DataFolder;
  /** Runs a command to its end and captures it; never rejects on a failing command. */
  exec(argv: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  /** Starts a command with line-based input and output. */
  spawn(argv: readonly string[], options?: Pick<ExecOptions, 'env'>): Promise<BoxProcess>;
  /** Path inside the box of a file or folder of the host's image store, which every box that holds others sees read-only. */
  put(storeFile: string): Promise<string>;
  /** Host cgroup of the box, when it has its own (path below the controller's mount). */
  readonly cgroup?: string;
  /** Host cgroup of its machine, when it has its own kernel: everything that runs in it is accounted there. */
  readonly machine?: string;
  /** Its CPUs as it numbers them, when not as the host does. */
  readonly cpus?: readonly number[];
  /** Set where the box runs `OpenOptions.ahead`: did it succeed? Never rejects. */
  readonly ahead?: Promise<boolean>;
  /** Ends everything in the box and removes what `open` created. Idempotent. */
  close(): Promise<void>;
}

/** What a layer requires of the box below it. That box is relaxed only when it holds another. */
export interface Needs {
  /** The box below must be allowed to mount, make namespaces and write cgroups. */
  readonly privileges: 'none' | 'container-engine';
  /** Host commands that must be present in the box below, by name; copied from the host with their libraries. */
  readonly commands: readonly string[];
}

/** Why something can't run here, and what to try. */
export interface Obstacle {
  readonly reason: string;
  /** Empty: nothing helps. */
  readonly remedy: string;
}

/** An environment that can't run here. */
export interface Unavailable extends Obstacle {
  readonly path: string;
  /** The alias under which it was requested or tried. */
  readonly alias?: string;
}

export type Probe =
  | { readonly available: true; readonly version: string; readonly labels: readonly string[] }
  | ({ readonly available: false } & Obstacle);

/** What `prepare` leaves for `open`; opaque to everyone but the runner. */
export interface Prepared {
  /** Labels to print beside every result (`emulated`, `guest kernel`, …); nothing is decided by them. */
  readonly labels: readonly string[];
  /** Those that the layer has. */
  readonly traits?: Partial<Traits>;
  /** Version of the engine that was prepared. */
  readonly version: string;
  /** Factor by which time limits are stretched: 1 for shared kernels, about 20 under emulation. */
  readonly slowness: number;
  /**
   * A command that a fresh box below may run before the layer is opened in it, as the start of an engine: it takes its time
   * while the box is being entered.
   */
  readonly ahead?: readonly string[];
  /** Where on the host's disk the engine keeps images and instances; absent when only in the run's private folder. */
  readonly onDisk?: DiskHoldings;
  /** Removes what `prepare` made in the parent or on the host. */
  dispose(): Promise<void>;
}

/** What the payload's box must offer beside running programs. */
export interface BoxSpec {
  /** A writable folder on the storage that users of the engine get for their data: `Box.data`. */
  readonly scratch?: boolean;
}

/** A folder for the payload's data, empty in every fresh box and gone with it. */
export interface DataFolder {
  /** As the payload sees it. */
  readonly path: string;
  /**
   * Reads that pass by the cache of the box's kernel may still be answered from another cache, outside the box: the file
   * of a virtual disk is in the host's page cache, or a proxy opens the files.
   */
  readonly behindCache: boolean;
}

export interface OpenOptions {
  /** Unique name of this start, safe as a file, container and cgroup name. */
  readonly name: string;
  /** Set when the box is to hold another: what the layers above need of it. */
  readonly holds?: Needs;
  /** Set for the payload's box, when there is more to it than running programs. */
  readonly spec?: BoxSpec;
  /** What the layer above has to run ahead (`Prepared.ahead`); a box that takes it has `Box.ahead`. */
  readonly ahead?: readonly string[];
  readonly limits: Limits;
  readonly signal: AbortSignal;
}

export type RunnerKind = 'process' | 'container' | 'guest-kernel' | 'vm';

/** A setting of a layer: `KEY=VALUE` in `NAME[:VALUE][:KEY=VALUE]…`. */
export interface LayerSetting {
  readonly name: string;
  /** One phrase for lists. */
  readonly summary: string;
  /** A value as a user would write it. */
  readonly example: string;
  /** May be written as the bare VALUE that follows the layer's name. */
  readonly bare: boolean;
  /** The layer requires it. */
  readonly required: boolean;
  /**
   * Why a value, decoded, is not taken from somebody else's plan unless the user repeats it: what it does, as the end of
   * a sentence. Null when it is.
   */
  risk(value: string): string | null;
}

/** The settings of a layer in a path. */
export interface LayerSettings {
  readonly known: readonly LayerSetting[];
  /** The runner with these settings, by name, decoded but otherwise as written. Throws a usage error for a bad value. */
  bind(values: Readonly<Record<string, string>>): Runner;
}

/** One kind of layer. A runner opens on the box below it. */
export interface Runner {
  readonly name: string;
  readonly kind: RunnerKind;
  /** One sentence for `list environments`. */
  readonly summary: string;
  readonly needs: Needs;
  /** Can it hold another layer? */
  readonly holds: boolean;
  /** A guest kernel has its own clock and counts CPU time in its own ticks; both are then read on the host. */
  readonly guestKernel: boolean;
  /** Its boxes have one CPU, whatever they are given. */
  readonly oneCpu?: boolean;
  /** Opens on another machine: its clock is not this host's, and this host's accounts don't include it. */
  readonly remote?: boolean;
  /** Absent when it takes none. */
  readonly settings?: LayerSettings;
  /** What `BoxSpec.scratch` is in its boxes, in a few words; absent where there is none. */
  readonly storage?: string;
  /** Absent: unknown. */
  readonly posture?: EnginePosture;
  /** What its settings can remove or replace one at a time, for `explain`; absent when nothing. */
  readonly ablations?: readonly Ablation[];
  /**
   * Makes no box: it comes last in a path and wraps the payload's box, which is then the parent of `probe`,
   * `prepare` and `open`, and which it does not close.
   */
  readonly transparent?: boolean;
  /** A real attempt, not a look at version strings; never throws. */
  probe(parent: Box, workspace: Workspace): Promise<Probe>;
  /** `prepare` finds out what `probe` does, and throws a `BoxmarkError` with the same words: it need not be asked first. */
  readonly probedByPrepare?: boolean;
  /**
   * Once per parent and environment: daemon, image load, disk. `holds` is set when the box is to hold another, `spec` for
   * that of the payload.
   */
  prepare(parent: Box, image: Image, workspace: Workspace, holds?: Needs, spec?: BoxSpec): Promise<Prepared>;
  /** A fresh box. For a payload box the first `spawn` is its main process. */
  open(parent: Box, prepared: Prepared, options: OpenOptions): Promise<Box>;
}

/** CPU and memory of a started environment, read on the host. Absent where it can't be read. */
export interface Usage {
  readonly cpuNs?: number;
  readonly cpuUserNs?: number;
  readonly cpuSystemNs?: number;
  readonly throttledNs?: number;
  readonly memoryPeakBytes?: number;
}

/**
 * What the host has set for a payload, or for the machine it runs in, named as the facts that a box reads about itself.
 * `none`: no limit; null: unknown to the host.
 */
export interface HostLimits {
  readonly cpus_allowed: string | null;
  readonly cpuset: string | null;
  /** CPUs' worth of time: 0.5 is half of one. */
  readonly cpu_quota: number | 'none' | null;
  readonly cpu_period_us: number | 'none' | null;
  readonly memory_limit_bytes: number | 'none' | null;
}

/** A resident payload in a fresh environment. */
export interface Started {
  readonly process: BoxProcess;
  /** Host monotonic time just before anything of this start was done, and when the payload's command was spawned. */
  readonly begunNs: bigint;
  readonly spawnedNs: bigint;
  /** CPU time of the innermost box by the host's account; cheap enough for every request. Without it `usage` is asked. */
  cpuNs?(): number | undefined;
  /** Reads the host's accounting of the innermost box. */
  usage(): Usage;
  /** Limits as the host sees them; asked once, after the payload's first line. */
  limits?(): HostLimits | undefined;
  /** Memory held now. Reads all of /proc. */
  holdings?(): Holdings;
  close(): Promise<void>;
}

/** What a box gets of the CPUs beside others, as its control group has it. */
export interface CpuShare {
  /** Relative weight on the scale of cgroup v1, 2 to 262144; 1024 is what every group has by itself. */
  readonly weight?: number;
  /** CPUs' worth of time in each period of 100 ms: 0.5 is half of one. */
  readonly quota?: number;
}

/** An environment that can be started afresh again and again. What `bench` sees of the runners. */
export interface Environment {
  readonly path: string;
  readonly labels: readonly string[];
  readonly traits: Traits;
  /** Versions of the engines in it, for the fingerprint. */
  readonly versions: Readonly<Record<string, string>>;
  readonly slowness: number;
  /** Where CPU time is read: inside the box, or on the host because the guest reports wall time as CPU time. */
  readonly cpuClock: 'guest' | 'host';
  /** Does CLOCK_MONOTONIC inside equal the host's? */
  readonly sharesClock: boolean;
  /** SHA-256 of what runs in it, when that is another image than the session's: other bytes are then what is compared. */
  readonly image?: { readonly digest: string; readonly node: string; readonly payload: string };
  readonly engine?: EnginePosture;
  readonly disk?: DiskHoldings;
  /** @param share set before the payload starts; rejects where it can't be set */
  start(name: string, signal: AbortSignal, share?: CpuShare): Promise<Started>;
  dispose(): Promise<void>;
}

/** Memory of a started environment at one moment, read on the host. Absent where it can't be read. */
export interface Holdings {
  /** Proportional set size, summed over the processes of the innermost box and the commands that hold it open. */
  readonly pssBytes?: number;
  /** Resident sizes of the same processes: a page that several of them map counts in each. */
  readonly rssBytes?: number;
  /** What the box's own control group is charged with. */
  readonly cgroupBytes?: number;
}

/** Where an environment keeps what it needs on the host's disk. */
export interface DiskHoldings {
  /** Folders that its engine writes to, absolute; others may write there too. */
  readonly folders: readonly string[];
  /** Size of the image as the innermost engine holds it. */
  readonly imageBytes?: number;
}

/** What an engine does for the posture of its boxes; null: unknown. */
export interface EnginePosture {
  /** Does a daemon that runs as root start its boxes? */
  readonly rootDaemon: boolean | null;
  /** Was the image refused unless its signature was valid? */
  readonly signedImage: boolean | null;
}

/** One part of what a layer does, which a setting removes or replaces. */
export interface Ablation {
  /** The part in a few words: `seccomp filter`. */
  readonly part: string;
  /** The settings without it. */
  readonly settings: Readonly<Record<string, string>>;
  /**
   * `removes`: the box without the part, a step of the ladder from the barest box to the whole one. `exchanges`: another
   * way of doing the same, compared with the whole box beside the ladder.
   */
  readonly kind: 'removes' | 'exchanges';
}
