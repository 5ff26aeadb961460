/** Users' programs as they are asked for: words, names, figures, plan files. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commandSpec, commandText, METRICS, namedCommands, splitWords, WORKLOADS } from '../../bench/plan/exec.ts';

const KNOWN = ['fft', 'memory', 'suite'];

describe('the words of a program', () => {
  it.each([
    ['openssl speed -seconds 1', ['openssl', 'speed', '-seconds', '1']],
    ['  ./prog   a  ', ['./prog', 'a']],
    [`prog 'a b' "c d" e\\ f`, ['prog', 'a b', 'c d', 'e f']],
    [`prog "say \\"no\\"" '$HOME' "*"`, ['prog', 'say "no"', '$HOME', '*']],
    [`prog '' --x=""`, ['prog', '', '--x=']],
    [`a'b'"c"\\d`, ['abcd']],
    ['', []],
  ])('of %j are those of a shell', (text, words) => expect(splitWords(text, '-w')).toEqual(words));

  it.each(['prog | wc', 'prog > file', 'prog $HOME', 'prog *.txt', 'a; b', 'a & b', 'prog ~/x', 'prog `x`'])(
    'refuse what only a shell does: %s',
    (text) => expect(() => splitWords(text, '-w')).toThrow(/without a shell/),
  );

  it.each([`prog 'a`, 'prog "a', 'prog a\\'])('refuse a quote without an end: %s', (text) =>
    expect(() => splitWords(text, '-w')).toThrow(/has no end/),
  );

  it('come back as they went', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 6 }), (words) => {
        expect(splitWords(commandText(words), '-w')).toEqual(words);
      }),
    );
  });
});

describe('-w', () => {
  it('takes names, groups and programs, which may hold commas', () => {
    expect(WORKLOADS.parse(['fft, lu', 'exec:prog a,b', 'sh:a | b, c'], '-w')).toEqual([
      'fft',
      'lu',
      { command: ['prog', 'a,b'] },
      { command: ['a | b, c'], shell: true },
    ]);
  });

  it('takes a name before a program', () => {
    expect(commandSpec('old=exec:./prog 1', '-w')).toEqual({ id: 'old', command: ['./prog', '1'] });
    expect(commandSpec('fft', '-w')).toBeUndefined();
  });

  it.each(['exec:', 'exec:  ', 'sh:', "exec:''"])('refuses %j, which names no program', (text) =>
    expect(() => commandSpec(text, '-w')).toThrow(/no program/),
  );
});

describe('names', () => {
  const named = (...texts: string[]) =>
    namedCommands(
      texts.map((text) => commandSpec(text, '-w') ?? { command: ['?'] }),
      KNOWN,
    ).map(({ id }) => id);

  it('come from the file of the program, and differ', () => {
    expect(named('exec:/usr/bin/openssl speed', 'exec:openssl version', 'sh:x', 'exec:./my prog')).toEqual([
      'openssl',
      'openssl-2',
      'sh',
      'my',
    ]);
    expect(named("exec:'./a b;c'", "exec:'/tmp/--'", 'exec:memory')).toEqual(['a-b-c', 'command', 'memory-2']);
  });

  it('of one’s own stand as they are, once', () => {
    expect(named('a=exec:x', 'b=exec:x')).toEqual(['a', 'b']);
    expect(() => named('a=exec:x', 'a=exec:y')).toThrow(/have this name/);
    expect(() => named('fft=exec:x')).toThrow(/have this name/);
  });
});

describe('--metric', () => {
  it('takes a pattern or a path in JSON', () => {
    expect(METRICS.parse(['rate:kB/s:higher=^sha256 +([0-9.]+)k', 'mean:s:lower=.results.0.mean'], '--metric')).toEqual(
      [
        { name: 'rate', unit: 'kB/s', better: 'higher', pattern: '^sha256 +([0-9.]+)k' },
        { name: 'mean', unit: 's', better: 'lower', json: '.results.0.mean' },
      ],
    );
  });

  it.each([
    'rate',
    'rate:kB/s=x',
    'rate:kB/s:more=x',
    'ra te:s:lower=x',
    'rate:s:lower=',
    'rate:s:lower=([',
    `${'x'.repeat(21)}:s:lower=x`,
  ])('refuses %j', (text) => expect(() => METRICS.parse(text, '--metric')).toThrow(/--metric/));

  it('is a workload beside that of its program', () => {
    const [command] = namedCommands(
      [{ command: ['openssl'], metrics: METRICS.parse('rate:kB/s:higher=(.+)', '--metric') }],
      KNOWN,
    );
    expect(command?.metrics).toEqual([{ id: 'openssl.rate', unit: 'kB/s', better: 'higher', pattern: '(.+)' }]);
  });
});
