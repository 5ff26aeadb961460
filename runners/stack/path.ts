/** Paths of environments: `native/slow:2%` becomes the runners of its layers, each with its settings. */

import { usageError } from '../../bench/errors.ts';
import type { LayerSettings, Runner } from '../../bench/types.ts';
import { exampleOf } from './settings.ts';

/** ` (did you mean "docker"?)` for the nearest of the known names, by default those of environments; else empty. */
export type Nearest = (name: string, known?: readonly string[]) => string;

/** What has a meaning in a path is encoded in a value. Only these: a bare % is a percent sign. */
const ENCODED: Readonly<Record<string, string>> = { '%2C': ',', '%2F': '/', '%3A': ':', '%25': '%' };

/**
 * The runners of a path's layers, from the host inwards. A layer is `NAME[:VALUE][:KEY=VALUE]…`. One that makes no box
 * stands on the host by the name of `native` when nothing else is below it.
 * Throws a usage error that names the nearest known layer or setting.
 */
export function parsePath(path: string, runners: readonly Runner[], nearest: Nearest): Runner[] {
  const layers = path.split('/').map((layer) => parseLayer(layer, path, runners, nearest));
  const native = runners.find(({ name }) => name === 'native');
  if (layers[0]?.transparent && native !== undefined) layers.unshift(native);
  const names = runners.filter(({ transparent }) => !transparent).map(({ name }) => name);
  for (const [index, runner] of layers.entries()) {
    const next = layers[index + 1];
    if (runner.transparent) {
      if (next !== undefined && !next.transparent) {
        throw usageError(
          `The layer ${runner.name} creates no box that could hold another.`,
          path,
          'put it at the end of the path',
        );
      }
      if (layers.slice(0, index).some(({ name }) => name === runner.name)) {
        throw usageError(`The layer ${runner.name} can be in a path only once.`, path, 'one of the two');
      }
    } else if (next !== undefined && !next.transparent && !runner.holds) {
      throw usageError(`The layer ${runner.name} can't hold another.`, path, `one of ${names.join(', ')} by itself`);
    }
    if (index > 0 && runner.name === 'native') {
      throw usageError("The layer native can't be nested.", path, 'native');
    }
  }
  return layers;
}

/** `slow:2%` → `slow`: the layers' names of a path, without their settings. */
export function layerNames(path: string): string[] {
  return path.split('/').map((layer) => layer.split(':')[0] ?? '');
}

/**
 * What a path could do to this host that its owner should want, as sentences: reasons not to take it from somebody else's
 * plan unasked. Throws like `parsePath`.
 */
export function risksOf(path: string, runners: readonly Runner[], nearest: Nearest): string[] {
  return path.split('/').flatMap((layer) => {
    const { runner, values } = readLayer(layer, path, runners, nearest);
    const known = runner.settings?.known ?? [];
    return [
      ...(runner.remote ? [`${runner.name} connects to another host`] : []),
      ...Object.entries(values).flatMap(([name, value]) => {
        const why = known.find((setting) => setting.name === name)?.risk(value);
        return why ? [`${name} of ${runner.name} ${why}`] : [];
      }),
    ];
  });
}

function parseLayer(layer: string, path: string, runners: readonly Runner[], nearest: Nearest): Runner {
  const { runner, values } = readLayer(layer, path, runners, nearest);
  return runner.settings === undefined ? runner : runner.settings.bind(values);
}

interface ReadLayer {
  readonly runner: Runner;
  /** Of its settings, decoded. */
  readonly values: Readonly<Record<string, string>>;
}

function readLayer(layer: string, path: string, runners: readonly Runner[], nearest: Nearest): ReadLayer {
  const [name = '', ...parts] = layer.split(':');
  const runner = runners.find((candidate) => candidate.name === name);
  if (runner === undefined) {
    const names = runners.map((candidate) => candidate.name);
    throw usageError(
      `There is no environment of this name${nearest(name)}.`,
      path,
      `${names.join(', ')}, or boxmark list environments`,
    );
  }
  const { settings } = runner;
  if (settings === undefined) {
    if (parts.length > 0) throw usageError(`The layer ${name} takes no settings.`, path, name);
    return { runner, values: {} };
  }
  const values = readSettings(name, parts, path, settings, nearest);
  const missing = settings.known.find((setting) => setting.required && !Object.hasOwn(values, setting.name));
  if (missing !== undefined) {
    throw usageError(`The layer ${name} needs its ${missing.name}.`, path, exampleOf(name, missing));
  }
  return { runner, values };
}

function readSettings(
  layer: string,
  parts: readonly string[],
  path: string,
  { known }: LayerSettings,
  nearest: Nearest,
): Record<string, string> {
  const examples = known.map((setting) => exampleOf(layer, setting)).join(', ');
  const values: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const equals = part.indexOf('=');
    const key = equals < 0 ? known.find(({ bare }) => bare)?.name : part.slice(0, equals);
    const value = decode(part.slice(equals + 1));
    if (key === undefined || (equals < 0 && index > 0)) {
      throw usageError(`A setting of the layer ${layer} has no name.`, path, examples);
    }
    if (!known.some(({ name }) => name === key)) {
      const names = known.map(({ name }) => name);
      throw usageError(`The layer ${layer} has no setting ${key}${nearest(key, names)}.`, path, examples);
    }
    if (value === '') throw usageError(`The layer ${layer}: ${key} has no value.`, path, examples);
    if (Object.hasOwn(values, key)) throw usageError(`The layer ${layer}: ${key} is set twice.`, path, examples);
    values[key] = value;
  }
  return values;
}

function decode(value: string): string {
  return value.replace(/%(?:2C|2F|3A|25)/gi, (code) => ENCODED[code.toUpperCase()] ?? code);
}
