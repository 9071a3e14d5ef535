/** The settings that the server reads, checked: package.json declares them, people and workspaces write them. */

export type TraceLevel = 'off' | 'messages' | 'verbose';

export interface Settings {
  /** A path or a name on PATH; empty means: search. */
  readonly clangPath: string;
  readonly clangFlags: readonly string[];
  readonly platform: 'auto' | 'linux' | 'windows';
  readonly verifyOnSave: boolean;
  readonly verifyOnOpen: boolean;
}

export const defaultSettings: Settings = {
  clangPath: '',
  clangFlags: [],
  platform: 'auto',
  verifyOnSave: true,
  verifyOnOpen: true,
};

/** Names as in package.json, without the leading `ebpf.`. */
export const settingNames = {
  clangPath: 'clang.path',
  clangFlags: 'clang.flags',
  platform: 'platform',
  verifyOnSave: 'verifyOnSave',
  verifyOnOpen: 'verifyOnOpen',
} as const satisfies Record<keyof Settings, string>;

export interface ReadSettings {
  readonly settings: Settings;
  /** One sentence for each value that has the wrong shape; its default is used instead. */
  readonly problems: readonly string[];
}

/** Reads the object that `workspace/configuration` gives for section `ebpf`. Never throws. */
export function readSettings(raw: unknown): ReadSettings {
  const problems: string[] = [];
  const pick = <T>(key: keyof Settings, good: (value: unknown) => value is T, expected: string, fallback: T): T => {
    const value = lookUp(raw, settingNames[key]);
    if (value === undefined || value === null) return fallback;
    if (good(value)) return value;
    problems.push(`The setting ebpf.${settingNames[key]} must be ${expected}; its default is used.`);
    return fallback;
  };
  const settings: Settings = {
    clangPath: pick('clangPath', isPath, 'a path without NUL', defaultSettings.clangPath),
    clangFlags: pick('clangFlags', isStrings, 'a list of strings', defaultSettings.clangFlags),
    platform: pick('platform', isPlatform, '`auto`, `linux` or `windows`', defaultSettings.platform),
    verifyOnSave: pick('verifyOnSave', isBoolean, '`true` or `false`', defaultSettings.verifyOnSave),
    verifyOnOpen: pick('verifyOnOpen', isBoolean, '`true` or `false`', defaultSettings.verifyOnOpen),
  };
  return { settings, problems };
}

/** Follows a dotted name through nested objects; clients nest `clang.path` as `{clang: {path}}`. */
function lookUp(raw: unknown, name: string): unknown {
  let value = raw;
  for (const part of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}

function isPath(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('\0');
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => isPath(item));
}

function isPlatform(value: unknown): value is Settings['platform'] {
  return value === 'auto' || value === 'linux' || value === 'windows';
}
