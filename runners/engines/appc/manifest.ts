/** Manifests of the App Container specification 0.8.11: that of an image, which is checked before each launch, and that of a pod. */

import * as z from 'zod';
import type { Image } from '../../../bench/types.ts';
import { PAYLOAD_ENV } from '../../kit/payload-env.ts';
import type { BoxLimits } from '../../stack/box-settings.ts';
import { refuse } from './refusal.ts';

const AC_VERSION = '0.8.11';
/** AC identifiers and AC names of the specification. */
const IDENTIFIER = /^[a-z0-9]+([-._~/][a-z0-9]+)*$/;
const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;
/** Architectures by the names that the specification has for Linux. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'aarch64' };

const isolator = z.object({ name: z.string().regex(IDENTIFIER, 'is no identifier'), value: z.unknown() });
const nameValue = z.object({ name: z.string().regex(IDENTIFIER, 'is no identifier'), value: z.string() });
const variable = z.object({ name: z.string().regex(/^[A-Za-z_][A-Za-z_0-9]*$/, 'is no variable'), value: z.string() });

const app = z.object({
  exec: z
    .array(z.string())
    .min(1, 'is empty')
    .refine(([file]) => file?.startsWith('/'), 'is no absolute path'),
  user: z.string().min(1, 'is empty'),
  group: z.string().min(1, 'is empty'),
  workingDirectory: z.string().startsWith('/', 'is no absolute path').optional(),
  environment: z.array(variable).optional(),
  isolators: z.array(isolator).optional(),
});

const imageSchema = z.object({
  acKind: z.literal('ImageManifest', 'is not ImageManifest'),
  acVersion: z.string().regex(/^0\.\d+\.\d+/, 'is not a version that is known here'),
  name: z.string().regex(IDENTIFIER, 'is no identifier'),
  labels: z
    .array(nameValue)
    .refine((labels) => new Set(labels.map(({ name }) => name)).size === labels.length, 'has one of them twice'),
  app,
});

export type ImageManifest = z.output<typeof imageSchema>;

/** The manifest of the image that all boxes run. Only what the image decides is in it: same image, same bytes. */
export function imageManifest(image: Image): ImageManifest {
  return {
    acKind: 'ImageManifest',
    acVersion: AC_VERSION,
    name: 'boxmark/payload',
    labels: [
      { name: 'version', value: image.digest.slice(0, 12) },
      { name: 'os', value: 'linux' },
      { name: 'arch', value: architecture() },
    ],
    app: {
      exec: [...image.payloadArgv],
      user: '0',
      group: '0',
      workingDirectory: '/',
      environment: Object.entries(PAYLOAD_ENV).map(([name, value]) => ({ name, value })),
      isolators: [
        { name: 'os/linux/no-new-privileges', value: true },
        { name: 'os/linux/capabilities-retain-set', value: { set: [] } },
      ],
    },
  };
}

/** Checks the text of an untrusted image manifest: its shape, and that it is for this machine. Throws `BoxmarkError`. */
export function parseImageManifest(text: string): ImageManifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refuse('has a manifest that is not JSON');
  }
  const parsed = imageSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const path = issue?.path.join('.') || 'its text';
    const missing = issue?.code !== 'custom' && at(value, issue?.path ?? []) === undefined;
    throw refuse(`has a manifest ${missing ? `without ${path}` : `whose ${path} ${issue?.message}`}`);
  }
  const labels = new Map(parsed.data.labels.map((label) => [label.name, label.value]));
  for (const [name, here] of [
    ['os', 'linux'],
    ['arch', architecture()],
  ] as const) {
    const wanted = labels.get(name);
    if (wanted === undefined) throw refuse(`has a manifest without the label ${name}`);
    if (wanted !== here) throw refuse(`is for ${name} ${wanted}, and this is ${here}`);
  }
  return parsed.data;
}

/** What the manifest asks for that this runner does not do; a launch without it would be another one than was asked for. */
export function unknownIsolators({ app: { isolators = [] } }: ImageManifest): string[] {
  const known = ['os/linux/no-new-privileges', 'os/linux/capabilities-retain-set'];
  return isolators.map(({ name }) => name).filter((name) => !known.includes(name));
}

/** The manifest of one launch: which image, by its id, and the limits of this run. */
export function podManifest(image: ImageManifest, id: string, { cpus, quota, memoryBytes }: BoxLimits): string {
  const appName = image.name.split('/').at(-1) ?? '';
  return `${JSON.stringify(
    {
      acVersion: AC_VERSION,
      acKind: 'PodManifest',
      apps: [
        {
          name: NAME.test(appName) ? appName : 'payload',
          image: { name: image.name, id, labels: image.labels },
          app: {
            ...image.app,
            isolators: [
              ...(image.app.isolators ?? []),
              { name: 'resource/cpu', value: { limit: String(quota ?? cpus.length) } },
              ...(memoryBytes === undefined
                ? []
                : [{ name: 'resource/memory', value: { limit: String(memoryBytes) } }]),
            ],
          },
          readOnlyRootFS: true,
        },
      ],
    },
    null,
    1,
  )}\n`;
}

function architecture(): string {
  return ARCHITECTURES[process.arch] ?? process.arch;
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key], value);
}
