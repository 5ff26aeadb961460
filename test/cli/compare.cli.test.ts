import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { boxmark, sessions } from './program.ts';
import { figureOf, HARDWARE, STACK, type Stored, writeKindSession, writeSession } from './stored-session.ts';

let out: string;
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
});
afterEach(() => rmSync(out, { recursive: true, force: true }));

const history = () => join(out, 'history');
const candidate = (changes: Partial<Stored> = {}) =>
  writeSession({ out: join(out, 'new'), name: 'candidate', ...changes });

/** Sessions in which Docker takes 1 % longer. */
function stored(count: number, changes: Partial<Stored> = {}): void {
  for (let index = 1; index <= count; index++) {
    writeSession({ out: history(), name: `s${index}`, truth: { ratios: { docker: 1.01 } }, ...changes });
  }
}

const compare = (...args: string[]) => boxmark('compare', ...args);
const rowsOf = (stdout: string) =>
  Object.fromEntries(
    (JSON.parse(stdout).rows as { env: string; workload: string; verdict: string }[]).map(
      ({ env, workload, verdict }) => [`${env} ${workload}`, verdict],
    ),
  );

describe('a candidate against stored sessions', () => {
  it.each([
    {
      measure: 'startup' as const,
      regressed: ['first-instruction, warm', 'ready, warm', 'removal, warm', 'spawned, warm'],
    },
    { measure: 'footprint' as const, regressed: ['host', 'pss'] },
  ])(
    'of a kind without workloads ($measure) is judged by the figures of its kind, with the same three answers',
    async ({ measure, regressed }) => {
      for (let index = 1; index <= 6; index++) {
        writeKindSession({ out: history(), name: `s${index}`, measure, ratio: 3 });
      }
      // Workloads beside them are of another design.
      writeSession({ out: history(), name: 'workloads' });
      const of = (name: string, ratio: number) => writeKindSession({ out: join(out, 'new'), name, measure, ratio });
      const same = await compare('--stored', history(), of('same', 3), '--json');
      expect([same.code, same.stderr]).toEqual([0, '']);
      expect(rowsOf(same.stdout)).toMatchObject(
        Object.fromEntries(regressed.map((name) => [`docker ${name}`, 'unchanged'])),
      );
      expect(JSON.parse(same.stdout)).toMatchObject({
        measure,
        leftOut: [{ why: expect.stringMatching(/not of the design/) }],
      });
      const slower = await compare('--stored', history(), of('slower', 3.6), '--json');
      expect(slower.code).toBe(3);
      expect(rowsOf(slower.stdout)).toMatchObject(
        Object.fromEntries(regressed.map((name) => [`docker ${name}`, 'regressed'])),
      );
      const text = (await compare('--stored', history(), join(out, 'new', 'slower'))).stdout.replace(/\s+/g, ' ');
      expect(text).toContain(`Ratios (${measure}) to the baseline environment of each side`);
      expect(text).toMatch(/Times and sizes themselves .* docker on \S+.*: \+\d+/);
      const few = await compare('--stored', join(history(), 's1'), join(out, 'new', 'same'), '--json');
      expect(few.code).toBe(4);
      expect(new Set(Object.values(rowsOf(few.stdout)))).toEqual(new Set(['no verdict']));
      // Nothing runs here for it.
      expect((await compare(join(history(), 's1'), join(out, 'new', 'same'))).stdout).toContain(
        `sessions of ${measure} have no`,
      );
    },
  );

  it('of another kind of measurement than all of them is left out by its reason', async () => {
    stored(1);
    const ended = await compare('--stored', history(), 'results/example/20261129T212449Z-f868bc');
    expect(ended.code).toBe(2);
    const flat = ended.stderr.replace(/\s+/g, ' ');
    expect(flat).toContain('it is not of the design scale of 1, 2, 3, 4, 6 instances, windows of 500 ms, 2 CPUs');
  });

  it('that is as they are passes with code 0', async () => {
    stored(6);
    const ended = await compare(history(), candidate({ truth: { ratios: { docker: 1.01 } } }));
    expect(ended.stderr).toBe('');
    expect(ended.stdout).toMatch(/^No regression among 3 figures: 3 unchanged\.$/m);
    expect(ended.stdout).toMatch(/a side is more than one session/);
    expect(ended.code).toBe(0);
  });

  it('that takes 10 % longer in one workload regresses with code 3, which is named', async () => {
    stored(6);
    const dir = candidate({ truth: { ratios: { docker: 1.11 } } });
    const ended = await compare(history(), dir, '--json');
    expect(rowsOf(ended.stdout)).toEqual({
      'docker fft': 'regressed',
      'docker sor': 'regressed',
      'docker suite': 'regressed',
    });
    const document = JSON.parse(ended.stdout);
    expect(document).toMatchObject({ schema: 1, mode: 'stored', gate: 'regressed', margin: 0.02 });
    expect(document.rows[0].candidateLog).toBeCloseTo((await figureOf(dir, 'docker', 'fft')) ?? 0, 6);
    expect(ended.code).toBe(3);
    const text = await compare(history(), dir);
    expect(text.stdout).toMatch(/^REGRESSED: 3 of 3 figures: docker on fft, docker on sor/m);
    for (const line of text.stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
  });

  it('that takes less time improves, with code 0', async () => {
    stored(6);
    const ended = await compare(history(), candidate({ truth: { ratios: { docker: 0.9 } } }), '--json');
    expect(new Set(Object.values(rowsOf(ended.stdout)))).toEqual(new Set(['improved']));
    expect(ended.code).toBe(0);
  });

  it('never compares a suite with the suite of other workloads, and says so', async () => {
    stored(6);
    const dir = candidate({ plan: { workloads: ['fft', 'sor', 'lu'] }, truth: { ratios: { docker: 1.01 } } });
    const ended = await compare(history(), dir, '--json');
    const rows = rowsOf(ended.stdout);
    expect(Object.keys(rows)).toEqual(['docker fft', 'docker sor', 'docker suite (fft, sor)']);
    expect(rows['docker suite (fft, sor)']).toBe('no verdict');
    const text = (await compare(history(), dir)).stdout.replace(/\s+/g, ' ');
    expect(text).toContain('different suites, which are not compared: suite (fft, sor); suite (fft, lu, sor)');
  });

  it('has no verdict with four of them, and ends with code 4', async () => {
    stored(4);
    const ended = await compare(history(), candidate({ truth: { ratios: { docker: 1.5 } } }));
    expect(ended.stdout).toMatch(/^NO VERDICT, which is no pass/m);
    expect(ended.stdout).toMatch(/4 baseline sessions, 5 are needed/);
    expect(ended.code).toBe(4);
  });

  it('is unchanged only where that is shown: sessions that vary by a fifth give code 4, not 0', async () => {
    for (const [index, change] of [0.2, -0.2, 0.1, -0.25, 0.15].entries()) {
      stored(1, { name: `wild${index}`, truth: { ratios: { docker: 1.01 * Math.exp(change) } } });
    }
    const ended = await compare(history(), candidate({ truth: { ratios: { docker: 1.015 } } }));
    const text = ended.stdout.replace(/\s+/g, ' ');
    expect(text).toMatch(/^.*NO VERDICT, which is no pass/m);
    expect(text).toMatch(/docker on fft, sor, suite: the change is within the margin, but change ± limit is not\./);
    expect(text).toMatch(
      /which scatter by 2\d(\.\d)? %, a change of 5 % in one of 3 figures is found in [01] % of cases/,
    );
    expect(ended.code).toBe(4);
  });

  it('has the power of its sessions in every form', async () => {
    stored(6);
    const dir = candidate({ truth: { ratios: { docker: 1.01 } } });
    const { power } = JSON.parse((await compare(history(), dir, '--json')).stdout);
    expect(power).toMatchObject({ baselineSessions: 6, candidateSessions: 1, figures: 3, margin: 0.02, change: 0.05 });
    expect(power.found).toBeGreaterThan(0.9);
    expect((await compare(history(), dir)).stdout).toMatch(/^With 6 baseline sessions and 1 session of the candidate/m);
  });

  it('of one block has no verdict', async () => {
    stored(6);
    const ended = await compare(history(), candidate({ plan: { blocks: 1 }, truth: { ratios: { docker: 1.5 } } }));
    expect(ended.stdout).toMatch(/the candidate has one block, two are needed/);
    expect(ended.code).toBe(4);
  });

  it('counts a session once: five copies of it are one, whatever their folders are called', async () => {
    const first = writeSession({ out: history(), name: 'a', truth: { ratios: { docker: 1.01 } } });
    for (const name of ['b', 'c', 'd', 'e']) cpSync(first, join(history(), name), { recursive: true });
    const ended = await compare(history(), candidate({ truth: { ratios: { docker: 1.03 } } }));
    const text = ended.stdout.replace(/\s+/g, ' ');
    expect(text).toMatch(/1 baseline session, 5 are needed/);
    expect(text).toMatch(/history\/e: it is a copy of \S+ ?history\/a/);
    expect(ended.code).toBe(4);
  });

  it('counts rows once that are there under another name, and is itself not among its baseline as a copy', async () => {
    stored(5);
    const dir = candidate({ truth: { ratios: { docker: 1.01 } } });
    cpSync(dir, join(history(), 'copy-of-the-candidate'), { recursive: true });
    const renamed = join(history(), 'z-renamed');
    cpSync(join(history(), 's1'), renamed, { recursive: true });
    const file = join(renamed, 'session.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"s1"', '"t1"'));
    const document = JSON.parse((await compare(history(), dir, '--json')).stdout);
    expect(document.baseline).toEqual(['s1', 's2', 's3', 's4', 's5']);
    expect(document.leftOut).toHaveLength(2);
    for (const { why } of document.leftOut) expect(why).toMatch(/^it is a copy of /);
  });

  it('without an environment of the baseline has no verdict on it', async () => {
    stored(5);
    const ended = await compare(history(), candidate({ plan: { environments: [{ path: 'native' }] } }));
    expect(ended.stdout).toMatch(/docker on fft, sor, suite: the candidate has no figure/);
    expect(ended.code).toBe(4);
  });

  it('is judged by a margin of its own, and on some environments only, where asked for', async () => {
    stored(6);
    const dir = candidate({ truth: { ratios: { docker: 1.05 } } });
    expect((await compare(history(), dir)).code).toBe(3);
    expect((await compare(history(), dir, '--margin', '10%')).code).toBe(0);
    expect((await compare(history(), dir, '-e', 'native')).code).toBe(4);
    const unknown = await compare(history(), dir, '-e', 'dokcer');
    expect(unknown.stderr).toMatch(/did you mean "docker"/);
    expect(unknown.code).toBe(2);
  });

  it('may lie among them: it is not its own baseline', async () => {
    stored(6);
    const dir = writeSession({ out: history(), name: 'z-last', truth: { ratios: { docker: 1.11 } } });
    const ended = await compare(history(), dir, '--json');
    expect(JSON.parse(ended.stdout).baseline).toEqual(['s1', 's2', 's3', 's4', 's5', 's6']);
    expect(ended.code).toBe(3);
  });

  it('may be several sessions', async () => {
    stored(6);
    for (const name of ['a', 'b']) writeSession({ out: join(out, 'new'), name, truth: { ratios: { docker: 1.11 } } });
    const ended = await compare(history(), join(out, 'new'), '--json');
    expect(JSON.parse(ended.stdout).rows[0]).toMatchObject({ baselineSessions: 6, candidateSessions: 2 });
    expect(ended.code).toBe(3);
  });

  it('shows a slower baseline environment in the time per pass, as advice and not as a verdict', async () => {
    stored(6, { truth: { ratios: { docker: 1.01 }, weather: 0.001 } });
    const slower = { native: 1.3, 'native@control': 1.3, docker: 1.3 * 1.01 };
    const ended = await compare(history(), candidate({ truth: { ratios: slower, weather: 0.001 } }));
    expect(ended.stdout).toMatch(/advisory[\s\S]*native on fft: \+(29|30)\.\d %/);
    expect(ended.code).toBe(0);
  });

  it('of another kernel, Node.js and payload is compared, and the differences are listed', async () => {
    stored(5);
    const host = {
      name: 'host',
      fingerprint: 'f'.repeat(64),
      hardware: HARDWARE,
      stack: {
        ...STACK,
        kernelRelease: '6.12.0',
        nodeVersion: 'v22.0.0',
        mitigations: { meltdown: 'Mitigation: PTI' },
      },
    };
    const image = { digest: '9'.repeat(64), node: '2'.repeat(64), payload: '8'.repeat(64) };
    const ended = await compare(history(), candidate({ info: { host, image }, truth: { ratios: { docker: 1.01 } } }));
    expect(ended.stdout).toMatch(/stack: kernel: 6\.1\.0 → 6\.12\.0/);
    expect(ended.stdout).toMatch(/stack: Node\.js: v20\.19\.0 → v22\.0\.0/);
    expect(ended.stdout).toMatch(/stack: mitigations: meltdown: Not affected → Mitigation: PTI/);
    expect(ended.stdout).toMatch(/image: payload: 333333333333 → 888888888888/);
    expect(ended.code).toBe(0);
  });
});

describe('sessions of one machine before and after an update', () => {
  it('compare, with a remark on the flags of the processor that went away', async () => {
    stored(5);
    const hardware = { ...HARDWARE, cpuFlags: ['sse', 'rdseed'], cpuFlagsSha256: 'b'.repeat(64) };
    const host = { name: 'host', fingerprint: 'e'.repeat(64), hardware, stack: STACK };
    const ended = await compare(history(), candidate({ info: { host }, truth: { ratios: { docker: 1.01 } } }));
    expect(ended.code).toBe(0);
    const flat = `${ended.stdout}${ended.stderr}`.replace(/\s+/g, ' ');
    expect(flat).toContain(
      'The same processor, without avx and with rdseed: numeric code may use other vector instructions.',
    );
  });
});

describe('sessions of other hardware', () => {
  const host = {
    name: 'other',
    fingerprint: 'e'.repeat(64),
    hardware: { ...HARDWARE, cpuModel: 'Another CPU', cpuFlags: ['sse', 'sve'] },
    stack: STACK,
  };

  it('are refused with code 5, naming what differs, unless that is allowed', async () => {
    stored(5);
    const dir = candidate({ info: { host }, truth: { ratios: { docker: 1.01 } } });
    const refused = await compare(history(), dir);
    expect(refused.stderr).toMatch(/different hardware: CPU Example CPU and Another CPU; CPU flags avx and sve/);
    expect(refused.stderr).toMatch(/--allow-different-hosts/);
    expect(refused.code).toBe(5);
    const allowed = await compare(history(), dir, '--allow-different-hosts');
    expect(allowed.stdout).toMatch(/hardware: CPU: Example CPU → Another CPU/);
    expect(allowed.code).toBe(0);
  });

  it('among the baseline are left out, which is said, and are not counted', async () => {
    stored(4);
    writeSession({ out: history(), name: 'other', info: { host } });
    const ended = await compare(history(), candidate());
    expect(ended.stdout.replace(/\s+/g, ' ')).toMatch(/Left out .*other: its hardware is not that of the candidate/);
    expect(ended.stdout).toMatch(/4 baseline sessions, 5 are needed/);
    expect(ended.code).toBe(4);
  });
});

describe('two single sessions', () => {
  it('of the same image have nothing to run against each other: no verdict from one stored session', async () => {
    const one = writeSession({ out, name: 'one' });
    const ended = await compare(one, candidate());
    expect(ended.stdout).toMatch(/Stored sessions are compared, because both sessions ran the same image/);
    expect(ended.stdout).toMatch(/1 baseline session, 5 are needed/);
    expect(ended.code).toBe(4);
  });

  it('whose images are not in the store fall back on what is stored, and say so', async () => {
    const one = writeSession({ out, name: 'one' });
    const image = { digest: 'd'.repeat(64), node: '', payload: '' };
    const ended = await compare(one, candidate({ info: { image } }));
    expect(ended.stdout.replace(/\s+/g, ' ')).toMatch(/because the image 111111111111 is not at hand: No such image/);
    expect(ended.code).toBe(4);
    const asked = await compare('--stored', one, join(out, 'new'), '--json');
    expect(JSON.parse(asked.stdout).why).toBe('that was asked for');
  });

  it('that are the same one are a mistake', async () => {
    const one = writeSession({ out, name: 'one' });
    const ended = await compare(one, one);
    expect(ended.stderr).toMatch(/the same session/);
    expect(ended.code).toBe(2);
  });
});

describe('what can not be compared', () => {
  it('is left out with its reason when it is one of many', async () => {
    stored(5);
    writeSession({ out: history(), name: 'tiny', plan: { size: 'tiny' } });
    const broken = writeSession({ out: history(), name: 'broken' });
    writeFileSync(join(broken, 'session.json'), '{');
    writeSession({ out: history(), name: 'empty', info: { blocksCompleted: 0 } });
    truncateSync(join(writeSession({ out: history(), name: 'endless' }), 'manifest.json'), 2 ** 32);
    const ended = await compare(history(), candidate({ truth: { ratios: { docker: 1.01 } } }));
    const text = ended.stdout.replace(/\s+/g, ' ');
    expect(text).toMatch(/tiny: it is not of the design size small/);
    expect(text).toMatch(/broken: This session can't be read/);
    expect(text).toMatch(/empty: it has no whole block/);
    expect(text).toMatch(/endless: The file is too large to be part of a session: 4294967296 bytes/);
    expect(ended.code).toBe(0);
  });

  it('is of another kernel engine: figures of two engines never meet', async () => {
    const dir = candidate({ plan: { kernels: 'wasm' } });
    writeSession({ out: history(), name: 'reference' });
    const ended = await compare(history(), dir);
    expect(ended.stderr).toMatch(/it is not of the design size small, wasm kernels/);
    expect(ended.code).toBe(2);
  });

  it('is a mistake when nothing is left, or there was nothing', async () => {
    const dir = candidate();
    writeSession({ out: history(), name: 'tiny', plan: { size: 'tiny' } });
    const other = await compare(history(), dir);
    expect(other.stderr).toMatch(/No session is left to compare: it is not of the design size small/);
    expect(other.code).toBe(2);
    const none = await compare('/nonexistent', dir);
    expect(none.stderr).toMatch(/no such folder/);
    expect(none.code).toBe(2);
    const bare = await compare(join(dir, '..', '..'), dir);
    expect(bare.stderr).toMatch(/neither a session nor a folder of sessions/);
    expect(bare.code).toBe(2);
  });

  it('is distinguished from a session changed after it was measured, which is compared with a remark', async () => {
    stored(5);
    const dir = candidate({ truth: { ratios: { docker: 1.01 } } });
    const samples = join(dir, 'samples.csv');
    appendFileSync(samples, readFileSync(samples, 'utf8').split('\n').slice(1, 2).concat('').join('\n'));
    const ended = await compare(history(), dir);
    expect(ended.stdout.replace(/\s+/g, ' ')).toMatch(/samples\.csv: is not what the manifest lists/);
    expect(ended.code).toBe(0);
  });

  it('is never written to: the folders stay as they are', async () => {
    stored(5);
    const before = sessions(history()).map((dir) => readFileSync(join(dir, 'manifest.json'), 'utf8'));
    await compare(history(), candidate());
    expect(sessions(history()).map((dir) => readFileSync(join(dir, 'manifest.json'), 'utf8'))).toEqual(before);
    expect(sessions(out).sort()).toEqual([history(), join(out, 'new')]);
  });
});
