import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { allowedCpus } from '../../runners/host/cpus.ts';
import { boxmark, MAIN, sessions } from './program.ts';
import { writeSession } from './stored-session.ts';

const EXAMPLE = 'results/example/20261126T070159Z-b39def';
let out: string;
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
});
afterEach(() => rmSync(out, { recursive: true, force: true }));

describe('bad input ends with code 2, a clear message on standard error, and nothing done', () => {
  const cases: [string, string[], RegExp][] = [
    ['an unknown command', ['rnu'], /did you mean "?run|such command.*run/i],
    ['an unknown flag', ['run', '--bursts', '10ms'], /unknown option.*--burst/s],
    ['an unknown environment', ['run', '-e', 'native,dokcer'], /did you mean "docker"/],
    ['a layer that cannot hold another', ['run', '-e', 'native/docker'], /can't hold another/],
    ['a setting that a layer has not got', ['run', '-e', 'slow:exrta=2%'], /did you mean "extra"/],
    ['a layer that takes no settings', ['run', '-e', 'native:fast'], /takes no settings/],
    ['a layer that needs a setting', ['run', '-e', 'native/slow'], /needs its extra/],
    ['an unknown workload', ['run', '-w', 'fft,luu'], /did you mean "lu"/],
    ['a figure that comes with its workload', ['run', '-w', 'disk-sync.p99'], /did you mean "disk-sync"/],
    ['a workload by its name and by its group', ['run', '-w', 'disk,disk-read'], /listed twice/],
    ['a wrong number', ['run', '--blocks', '-3'], /--blocks takes a whole number/],
    ['numbers of blocks that contradict each other', ['run', '--blocks', '6', '--target', '1%'], /--blocks fixes/],
    ['a name that is no size', ['run', '--size', 'larg'], /tiny, small or large \(did you mean "large"\?\)/],
    [
      'an amount without its unit',
      ['run', '--memory', '1024'],
      /with its unit\.\n {2}received: 1024\n {2}try: 512m, 2g\n/,
    ],
    [
      'an archive that is to be printed',
      ['pack', 'results/example/20261126T070159Z-b39def', '-o', '-'],
      /An archive is not text/,
    ],
    ['an export that is not there', ['export', '/tmp', '--as', 'juint'], /did you mean "junit"/],
    ['a report format that is not there', ['report', '/tmp', '--format', 'html,pngs'], /did you mean "png"/],
    ['a margin without its sign', ['run', '--margin', '2'], /--margin takes a percentage/],
    ['a resume of what is no session', ['resume', '/nonexistent'], /no such folder/],
    [
      'a threshold without a percentage',
      ['run', '--fail-if', 'suite > 2'],
      /--fail-if takes a threshold[\s\S]*'suite > 2%'/,
    ],
    [
      'a threshold on a workload that is not measured',
      ['run', '-e', 'native,docker', '-w', 'fft', '--fail-if', 'lu > 2%'],
      /does not measure[\s\S]*received: lu > 2%[\s\S]*fft, suite, any/,
    ],
    [
      'a threshold on a suite that is not measured',
      ['run', '-e', 'native,docker', '-w', 'system', '--fail-if', 'suite > 2%'],
      /does not measure[\s\S]*received: suite > 2%[\s\S]*try: syscall, .*, any$/m,
    ],
    [
      'a threshold on an environment that is not compared',
      ['run', '-e', 'native,docker', '--fail-if', 'native on fft > 2%'],
      /not compared in this run[\s\S]*try: docker/,
    ],
    ['help on what is no command', ['help', 'rum'], /did you mean "run"/],
    ['a CPU that is not there', ['run', '--cpu', '4000'], /4000/],
    [
      'a flag of other commands',
      ['score', '--threads', '2'],
      /'--threads', which run, selftest, explain have\n {2}try: .*score --help/,
    ],
    ['no copies', ['run', '--threads', '0'], /--threads takes a whole number from 1 to/],
    ['more copies than CPUs', ['run', '--threads', '1024'], /1024 copies need a CPU each[\s\S]*try: --threads \d+\n/],
    [
      'fewer CPUs than copies',
      ['run', '--threads', '2', '--cpu', String(allowedCpus()[0])],
      /--cpu names 1\.[\s\S]*try: --threads 1, or more CPUs of/,
    ],
    ['copies of starts', ['run', '--threads', '2', '--measure', 'startup'], /--threads has no effect with --measure/],
    ['copies of idle boxes', ['run', '--threads', '2', '--measure', 'footprint'], /--threads has no effect with/],
    ['a list that is not there', ['list', 'enviroments'], /did you mean "environments"/],
    ['a session that is none', ['check', '/nonexistent'], /no such folder/],
    ['a plan that is not there', ['run', '--plan', '/nonexistent.yaml'], /can't be read/],
  ];
  it.each(cases)('%s', async (_, args, message) => {
    const ended = await boxmark(...args, ...(args[0] === 'run' ? ['-o', out] : []));
    expect(ended.stderr).toMatch(message);
    expect(ended.stderr).not.toMatch(/\n {4}at /);
    expect(ended.stdout).toBe('');
    expect(ended.code).toBe(2);
    expect(sessions(out)).toEqual([]);
  });

  it('a folder that no folder can be made in, at once', async () => {
    const ended = await boxmark('run', '-e', 'native', '--out', '/proc/boxmark/results');
    expect(ended.stderr).toMatch(/--out: the folder can't be made[\s\S]*received: \/proc\/boxmark\/results/);
    expect(ended.code).toBe(2);
  });

  const noStores = ['/proc/boxmark/cache', '/proc', '/proc/self/boxmark', '/sys/boxmark', '/dev/null/boxmark'];
  it.each(noStores)('the image store %s, in which nothing can be made, at once', (store) => {
    const env = { ...process.env, BOXMARK_CACHE: store };
    const args = [MAIN, 'run', '-e', 'native,unshare', '-q', '--out', out];
    const ended = spawnSync(process.execPath, args, { env, encoding: 'utf8', timeout: 60_000 });
    expect(ended.stderr).toMatch(/The image store can't be made[\s\S]*try: set BOXMARK_CACHE to/);
    expect(ended.stderr).toContain(`received: ${store}\n`);
    expect(ended.status).toBe(1);
    expect(sessions(out)).toEqual([]);
  });

  it.each([
    ['report', EXAMPLE, '-o', '/proc/boxmark/report'],
    ['pack', EXAMPLE, '-o', '/proc/boxmark/session.tar.gz'],
    ['image', 'export', '/proc/boxmark/image.tar'],
    ['selftest', '-o', '/proc/boxmark/results'],
  ])('%s to a folder that no folder can be made in, at once', (...args) => {
    const ended = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8', timeout: 60_000 });
    expect(ended.stderr).toMatch(/\/proc\/boxmark/);
    expect(ended.stderr).not.toMatch(/\n {4}at /);
    expect(ended.status).toBe(2);
  });

  it('few descriptors are named, with what to try', () => {
    const run = [process.execPath, MAIN, 'run', '-e', 'native', '-q', '-o', out];
    const ended = spawnSync('sh', ['-c', 'ulimit -n 40; exec "$@"', 'sh', ...run], { encoding: 'utf8' });
    expect(ended.stderr).toMatch(/too many open files[\s\S]*\n {2}try: ulimit -n 1024/);
    expect(ended.status).toBe(1);
    expect(sessions(out)).toEqual([]);
  });

  it('a plan with a wrong type names the file, the setting and the value', async () => {
    const plan = join(out, 'plan.yaml');
    writeFileSync(plan, 'env: [native]\nblocks: [6]\n');
    const ended = await boxmark('run', '--plan', plan, '-o', join(out, 'results'));
    expect(ended.stderr).toMatch(/plan\.yaml: --blocks takes a whole number/);
    expect(ended.stderr).toContain('received: [6]');
    expect(ended.code).toBe(2);
  });

  it('a flag that lets the number of blocks vary wins over a plan file that fixes it, and the other way round', async () => {
    const plan = join(out, 'plan.yaml');
    const design = async (content: string, ...flags: string[]) => {
      writeFileSync(plan, `env: [native]\n${content}`);
      const ended = await boxmark('run', '--plan', plan, '--dry-run', '-q', ...flags);
      return /design +(.*?) blocks/.exec(ended.stdout)?.[1];
    };
    expect(await design('blocks: 6\n', '--target', '1%')).toBe('10 to 30');
    expect(await design('target: 1%\nmin-blocks: 12\n', '--blocks', '7')).toBe('7');
    expect(await design('target: 1%\nmin-blocks: 12\n')).toBe('12 to 30');
  });

  it('an --out that is a file', async () => {
    const file = join(out, 'file');
    writeFileSync(file, '');
    const ended = await boxmark('run', '-e', 'native', '-o', join(file, 'results'));
    expect(ended.stderr).toMatch(/--out/);
    expect(ended.code).toBe(2);
  });
});

describe('help and lists', () => {
  it('every command has an example in its help', async () => {
    const help = await boxmark('--help');
    const commands = [...help.stdout.matchAll(/^ {2}([a-z]+)(?: |\n)/gm)]
      .map((match) => match[1])
      .filter((name) => name !== 'help');
    expect(commands).toEqual(
      expect.arrayContaining(['run', 'selftest', 'doctor', 'setup', 'list', 'check', 'image', 'clean']),
    );
    for (const command of commands) {
      if (command === 'image' || command === 'fleet') continue;
      expect((await boxmark(command ?? '', '--help')).stdout, command).toMatch(/Examples?:\n {2}boxmark/);
    }
  });

  it('has the commands help and version', async () => {
    expect((await boxmark('help')).stdout).toBe((await boxmark('--help')).stdout);
    expect((await boxmark('help', 'image', 'export')).stdout).toMatch(/^Usage: boxmark image export/);
    expect(await boxmark('version')).toEqual(await boxmark('--version'));
  });

  it('list and history find the sessions in folders below, where there are none in the folder itself', async () => {
    const copies = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
    writeSession({ out: join(copies, 'results', 'kept'), name: '20261101T000000Z-kept' });
    const here = process.cwd();
    try {
      process.chdir(copies);
      expect((await boxmark('list', 'sessions')).stdout).toMatch(
        /^results\/kept\/20261101T000000Z-kept {2}finished .* ago/,
      );
      expect((await boxmark('history')).stdout).toMatch(/^boxmark .* 1 session$/m);
      const own = writeSession({ out: join(copies, 'results'), name: '20261102T000000Z-own' });
      expect((await boxmark('list', 'sessions')).stdout).toMatch(/^results\/20261102T000000Z-own .*\n$/);
      expect((await boxmark('report', own, '--format', 'terminal')).stdout).toMatch(/docker .*native/);
      expect(readdirSync(own)).not.toContain('report');
    } finally {
      process.chdir(here);
      rmSync(copies, { recursive: true, force: true });
    }
  });

  it('prints names and commands of a stranger’s session as plain text', async () => {
    const copies = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
    const here = process.cwd();
    const hostile = 'x\u001b]0;owned\u0007\u001b[2J\nline';
    const dir = writeSession({ out: join(copies, 'results', hostile), name: '20261101T000000Z-kept' });
    const info = JSON.parse(readFileSync(join(dir, 'session.json'), 'utf8'));
    writeFileSync(join(dir, 'session.json'), JSON.stringify({ ...info, command: hostile }));
    try {
      process.chdir(copies);
      const listed = (await boxmark('list', 'sessions', '-v')).stdout;
      const checked = (await boxmark('check', join('results', hostile, '20261101T000000Z-kept'))).stdout;
      const written = (await boxmark('report', join('results', hostile, '20261101T000000Z-kept'), '--format', 'md'))
        .stdout;
      for (const text of [listed, checked, written]) {
        expect(text).toContain('results/x');
        expect(text).not.toMatch(/[^\P{Cc}\n]/u);
        expect(text).not.toMatch(/^line/m);
      }
    } finally {
      process.chdir(here);
      rmSync(copies, { recursive: true, force: true });
    }
  });

  it('list prints what the registries hold, as text and as JSON', async () => {
    expect((await boxmark('list', 'environments')).stdout).toMatch(/^native .*\n[\s\S]*^docker /m);
    expect((await boxmark('list', 'environments', '-v')).stdout).toMatch(/^slow .*\n[\s\S]*^ +slow:2% .*extra passes/m);
    const { schema, list, items } = JSON.parse((await boxmark('list', 'workloads', '--json')).stdout);
    const ofSystem = [
      'syscall',
      'page-fault',
      'memory',
      'context-switch',
      'file-read',
      'file-write',
      'spawn',
      'disk-write',
      'disk-sync',
      'disk-read',
      'random-access',
    ];
    expect([schema, list]).toEqual([1, 'workloads']);
    expect(items.map(({ name }: { name: string }) => name)).toEqual([
      'fft',
      'sor',
      'monte-carlo',
      'sparse',
      'lu',
      ...ofSystem,
    ]);
  });
});

it('shows commands as the program was called', () => {
  const bin = join(out, 'node_modules', '.bin');
  mkdirSync(bin, { recursive: true });
  symlinkSync(MAIN, join(bin, 'boxmark'));
  writeFileSync(join(out, 'their.tar.gz'), '');
  const [linked, direct] = [join(bin, 'boxmark'), MAIN].map((file) =>
    spawnSync(process.execPath, [file, 'resume', join(out, 'their.tar.gz')], { encoding: 'utf8' }),
  );
  expect(linked?.stderr).toMatch(/try: tar xf .*, and npx boxmark resume on the folder in it/);
  expect(direct?.stderr).toMatch(/try: tar xf .*, and boxmark resume on the folder in it/);
});
