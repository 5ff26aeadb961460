/**
 * `npm run faults [-- --kills N --engines LIST --seed N --only NAME --short]`: breaks runs in many ways, and checks that no
 * whole block is lost, that nothing is left on the host, and that nothing else is touched. Needs root.
 */

import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { randomStream } from '../../bench/random.ts';
import { kernelDir } from '../../runners/guest/kernel.ts';
import { BREAKAGES } from './breakages.ts';
import { plantDecoys } from './decoys.ts';
import { KILLED, killScenario } from './kills.ts';
import { makeLab } from './lab.ts';
import { forget } from './program.ts';
import { type Context, Field, type Finding, MOST_MIB, NotHere, type Scenario } from './scenario.ts';

const DEFAULT_KILLS = 60;

interface Options {
  readonly kills: number;
  readonly engines: readonly string[];
  readonly seed: number;
  readonly only: readonly string[];
  readonly short: boolean;
}

function readOptions(argv: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      kills: { type: 'string' },
      engines: { type: 'string' },
      seed: { type: 'string' },
      only: { type: 'string' },
      short: { type: 'boolean', default: false },
    },
  });
  const whole = (name: 'kills' | 'seed', otherwise: number) => {
    const value = values[name] === undefined ? otherwise : Number(values[name]);
    if (!Number.isSafeInteger(value) || value < 0)
      throw new Error(`--${name} takes a whole number, not ${values[name]}`);
    return value;
  };
  return {
    kills: whole('kills', DEFAULT_KILLS),
    seed: whole('seed', values.short ? 1 : Date.now() % 1e9),
    engines: values.engines?.split(',') ?? KILLED,
    only: values.only?.split(',') ?? [],
    short: values.short,
  };
}

/** What came of all attempts at one scenario. */
class Row {
  tried = 0;
  missed = 0;
  lostBlocks = 0;
  leaked = 0;
  peakMiB = 0;
  readonly problems: string[] = [];
  skipped = '';
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  add(finding: Finding): string[] {
    this.tried++;
    this.missed += finding.missed ? 1 : 0;
    this.lostBlocks += finding.lostBlocks;
    this.leaked += finding.leaked.length;
    this.peakMiB = Math.max(this.peakMiB, finding.peakMiB);
    const large = finding.peakMiB > MOST_MIB ? [`the harness took ${Math.round(finding.peakMiB)} MiB`] : [];
    const lost = finding.lostBlocks > 0 ? [`${finding.lostBlocks} whole blocks were lost`] : [];
    const found = [...finding.problems, ...large, ...lost, ...finding.leaked.map((line) => `left: ${line}`)];
    this.problems.push(...found);
    return found;
  }

  /** The attempt itself did not work, so it shows nothing. */
  fail(problem: string): void {
    this.tried++;
    this.problems.push(problem);
  }

  cells(): string[] {
    if (this.skipped !== '') return [this.name, `not here: ${this.skipped}`];
    const counts = [this.tried, this.missed, this.lostBlocks, this.leaked, this.problems.length];
    return [this.name, ...counts.map(String), this.peakMiB.toFixed(0)];
  }
}

const HEADER = ['scenario', 'tried', 'not hit', 'blocks lost', 'resources left', 'problems', 'peak MiB'];

class Campaign {
  readonly #options: Options;
  readonly #lab: string;
  readonly #rows = new Map<Scenario, Row>();
  #touched: string[] = [];

  constructor(options: Options, lab: string, scenarios: readonly Scenario[]) {
    this.#options = options;
    this.#lab = lab;
    for (const scenario of scenarios) this.#rows.set(scenario, new Row(scenario.name));
  }

  /** Scenarios take turns, so that a campaign that is ended early has tried them all. */
  async run(field: Field, isOver: () => boolean): Promise<void> {
    const { kills, short } = this.#options;
    const most = Math.max(0, ...[...this.#rows.keys()].map((scenario) => scenario.tries(kills, short)));
    for (let attempt = 0; attempt < most; attempt++) {
      for (const [scenario, row] of this.#rows) {
        if (isOver()) return;
        if (row.skipped === '' && attempt < scenario.tries(kills, short))
          await this.#try(scenario, row, attempt, field);
      }
    }
  }

  async #try(scenario: Scenario, row: Row, attempt: number, field: Field): Promise<void> {
    const stream = randomStream(this.#options.seed, attempt, scenario.name);
    const out = join(this.#lab, 'results', `${scenario.name.replaceAll(/\W+/g, '-')}-${attempt}`);
    const context: Context = {
      ...{ lab: this.#lab, out, attempt, field },
      random: () => stream.nextUint32() / 2 ** 32,
    };
    try {
      row.skipped = scenario.missing?.() ?? '';
      if (row.skipped !== '') return;
      const found = row.add(await scenario.run(context));
      for (const problem of found) say(`${scenario.name} ${attempt}: ${problem}`);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (error instanceof NotHere) row.skipped = message;
      else row.fail(message);
      say(`${scenario.name} ${attempt}: ${message}`);
    }
    field.accept(await field.leaked(0));
    this.look(field, `${scenario.name} ${attempt}`);
    forget(out);
  }

  /** At the decoys. @param all also at those of engines */
  look(field: Field, when: string, all = false): void {
    const touched = field.touched(all).filter((line) => !this.#touched.includes(line));
    for (const line of touched) say(`${when} touched ${line}`);
    this.#touched.push(...touched);
  }

  /** The table, and whether everything was as promised. */
  conclude(decoys: number): boolean {
    const rows = [...this.#rows.values()];
    const table = [
      HEADER,
      ...rows.filter(({ tried, skipped }) => tried > 0 || skipped !== '').map((row) => row.cells()),
    ];
    const widths = HEADER.map((_, column) =>
      Math.max(...table.filter((row) => row.length > 2).map((row) => row[column]?.length ?? 0)),
    );
    for (const row of table) {
      const cells = row.map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      );
      process.stdout.write(`${cells.join('  ')}\n`);
    }
    const total = (pick: (row: Row) => number) => rows.reduce((sum, row) => sum + pick(row), 0);
    const problems = total((row) => row.problems.length);
    process.stdout.write(
      `${total((row) => row.tried)} tried: ${total((row) => row.lostBlocks)} whole blocks lost, ${total((row) => row.leaked)} resources left, ` +
        `${this.#touched.length} of ${decoys} decoys touched, harness at most ${Math.max(0, ...rows.map((row) => row.peakMiB)).toFixed(0)} MiB; seed ${this.#options.seed}\n`,
    );
    return problems === 0 && this.#touched.length === 0 && total((row) => row.tried) > 0;
  }
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function inLab(options: Options, lab: string): Promise<boolean> {
  const kernels = process.env.BOXMARK_LAB_KERNELS;
  if (kernels !== undefined) symlinkSync(kernels, join(lab, 'store', 'kernels'));
  mkdirSync(join(lab, 'results'), { recursive: true });
  const decoys = await plantDecoys(lab, options.short ? [] : ['podman']);
  for (const reason of decoys.missing) say(`not planted: ${reason}`);
  let isOver = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      isOver = true;
    });
  }
  const scenarios = [...options.engines.map(killScenario), ...BREAKAGES];
  const wanted = ({ name }: Scenario) => options.only.length === 0 || options.only.some((part) => name.includes(part));
  const campaign = new Campaign(options, lab, scenarios.filter(wanted));
  try {
    const field = new Field(lab, decoys);
    await campaign.run(field, () => isOver);
    campaign.look(field, 'something', true);
    return campaign.conclude(decoys.count);
  } finally {
    await decoys.end();
  }
}

/** Starts this program again in a lab. */
async function enterLab(): Promise<number> {
  if (process.getuid?.() !== 0) {
    say('faults: it needs root, for namespaces of its own\n  try: sudo npm run faults');
    return 2;
  }
  const lab = makeLab();
  const [file = '', ...args] = [...lab.argv, process.execPath, ...process.argv.slice(1)];
  const child = spawn(file, args, { stdio: 'inherit', env: { ...process.env, BOXMARK_LAB_KERNELS: kernelDir() } });
  // It ends with its table after the current attempt. What is between it and this process passes no signal on.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      for (const pid of sameProgramBelow(child.pid ?? 0)) process.kill(pid, 'SIGTERM');
    });
  }
  const code = await new Promise<number>((resolve) => child.on('close', (ended) => resolve(ended ?? 1)));
  lab.remove();
  return code;
}

function sameProgramBelow(parent: number): number[] {
  const children = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8')
    .split(' ')
    .filter(Boolean)
    .map(Number);
  return children.flatMap((pid) => {
    const [file = '', script] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return file === process.execPath && script === process.argv[1] ? [pid] : sameProgramBelow(pid);
  });
}

try {
  const options = readOptions(process.argv.slice(2));
  const lab = process.env.BOXMARK_LAB;
  process.exitCode = lab === undefined ? await enterLab() : (await inLab(options, lab)) ? 0 : 1;
} catch (error) {
  say(`faults: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 2;
}
// The first process of a lab ends all others.
if (process.env.BOXMARK_LAB !== undefined) process.exit();
