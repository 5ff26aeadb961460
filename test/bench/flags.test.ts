import { Option } from 'commander';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BoxmarkError } from '../../bench/errors.ts';
import { COMMAND_NAMES } from '../../bench/plan/flag.ts';
import { EXPORT_FORMATS, FLAGS, REPORT_FORMATS } from '../../bench/plan/flags.ts';
import { checkPlanInput } from '../../bench/plan/plan.ts';
import { flagsOf, keyOf, PLAN_FLAGS, readFlags } from '../../bench/plan/read-flags.ts';
import { formatsFor } from '../../reports/formats/index.ts';

const named = FLAGS.map((flag) => [flag.name, flag] as const);

describe('the table of flags', () => {
  it.each(COMMAND_NAMES)('gives %s each name and each letter once', (command) => {
    const flags = flagsOf(command);
    const letters = flags.flatMap(({ short }) => short ?? []);
    expect(new Set(flags.map(({ name }) => name)).size).toBe(flags.length);
    expect(new Set(letters).size).toBe(letters.length);
  });

  it('has every setting of a plan file once, and as a flag of run', () => {
    const settings = PLAN_FLAGS.map(({ name }) => name);
    expect(new Set(settings).size).toBe(settings.length);
    expect(flagsOf('run')).toEqual(expect.arrayContaining([...PLAN_FLAGS]));
  });

  it.each(named)('--%s is read under the name that the parser gives it', (name, { negated }) => {
    expect(new Option(negated === true ? `--no-${name}` : `--${name}`).attributeName()).toBe(keyOf(name));
  });

  it.each(named)('--%s has defaults that it takes itself, and that read the same once written', (name, flag) => {
    for (const written of [flag.default, ...Object.values(flag.commands).map((local) => local.default)]) {
      if (written === undefined) continue;
      const value = flag.value.parse(written, `--${name}`);
      const shown = flag.value.format(value);
      // An objective is written in words; a figure is typed without the space before its unit.
      const typed = flag.value.metavar === 'objective' ? shown : shown.replace(/ /g, '');
      expect(flag.value.parse(typed, `--${name}`)).toEqual(value);
    }
  });

  it('names the formats that there are', () => {
    expect(Object.keys(REPORT_FORMATS)).toEqual(formatsFor('people').map(({ name }) => name));
    expect(Object.keys(EXPORT_FORMATS)).toEqual(formatsFor('tool').map(({ name }) => name));
  });
});

/** What `act` throws; null when it does not. */
function thrownBy(act: () => unknown): unknown {
  try {
    act();
    return null;
  } catch (error) {
    return error;
  }
}

const asFlag = (value: unknown) => thrownBy(() => readFlags('run', value as Record<string, unknown>));
const JSON_VALUE = fc.jsonValue({ maxDepth: 1 });

describe.each(PLAN_FLAGS.map((flag) => [flag.name, flag] as const))('a value of %s', (name, flag) => {
  it('that it does not take is refused in three parts with exit code 2', () => {
    fc.assert(
      fc.property(fc.oneof(JSON_VALUE, fc.string()), (value) => {
        const error = thrownBy(() => flag.value.parse(value, `--${name}`));
        if (error === null) return;
        expect(error).toBeInstanceOf(BoxmarkError);
        const { what, value: received, remedy, exitCode } = error as BoxmarkError;
        expect(what).toContain(`--${name} `);
        expect({ received, remedy, exitCode }).toEqual({
          received: expect.any(String),
          remedy: expect.any(String),
          exitCode: 2,
        });
      }),
    );
  });

  it('is refused in the same words from the command line and from a plan file', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        const typed = asFlag({ [keyOf(name)]: value });
        const filed = thrownBy(() => checkPlanInput({ [name]: value }, 'p'));
        const words = (error: unknown, before: string) => {
          if (!(error instanceof BoxmarkError)) return error;
          return { what: before + error.what, received: error.value, remedy: error.remedy };
        };
        expect(words(filed, '')).toEqual(words(typed, 'p: '));
      }),
    );
  });
});
