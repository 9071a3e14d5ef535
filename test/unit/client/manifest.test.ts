import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import {
  bpfFileContext,
  clientId,
  commandIds,
  debugType,
  problemMatchers,
  taskType,
} from '../../../client/contributions';
import type { LaunchArguments } from '../../../debug-adapter/protocol';
import { defaultSettings, settingNames, type Settings } from '../../../server/settings';

/** What package.json contributes and what the code does must not drift apart. */

interface Setting {
  readonly type: string;
  readonly default: unknown;
  readonly scope?: string;
  readonly markdownDescription?: string;
  readonly enum?: readonly string[];
  readonly markdownEnumDescriptions?: readonly string[];
}

interface Manifest {
  readonly capabilities: {
    readonly untrustedWorkspaces: {
      supported: string;
      description: string;
      restrictedConfigurations: readonly string[];
    };
  };
  readonly activationEvents: readonly string[];
  readonly contributes: {
    readonly commands: readonly { command: string; title: string; category: string }[];
    readonly menus: Readonly<Record<string, readonly { command: string; when: string }[]>>;
    readonly configuration: readonly { readonly properties: Readonly<Record<string, Setting>> }[];
    readonly taskDefinitions: readonly { type: string; required: readonly string[]; properties: object }[];
    readonly problemPatterns: readonly Record<string, string | number>[];
    readonly problemMatchers: readonly { name: string; pattern: string }[];
    readonly breakpoints: readonly { language: string }[];
    readonly debuggers: readonly {
      readonly type: string;
      readonly configurationAttributes: {
        readonly launch: {
          readonly required: readonly string[];
          readonly properties: Readonly<Record<string, { markdownDescription?: string }>>;
        };
      };
      readonly initialConfigurations: readonly object[];
      readonly configurationSnippets: readonly { readonly body: object }[];
    }[];
  };
}

// Compiled tests lie in out/test/unit/client.
const root = path.join(__dirname, '..', '..', '..', '..');
const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as Manifest;
const { contributes } = manifest;
const settings = Object.assign({}, ...contributes.configuration.map((group) => group.properties)) as Record<
  string,
  Setting
>;

describe('commands', () => {
  it('are those of the code, under one category', () => {
    assert.deepEqual(contributes.commands.map(({ command }) => command).sort(), [...commandIds].sort());
    for (const { category, title } of contributes.commands) {
      assert.equal(category, 'eBPF');
      assert.notEqual(title, '');
    }
  });

  it('in menus exist, and their conditions name the context key of the code', () => {
    for (const [menu, items] of Object.entries(contributes.menus)) {
      for (const { command, when } of items) {
        assert.ok((commandIds as readonly string[]).includes(command), `${menu}: ${command}`);
        for (const key of when.match(/\bebpf\.\w+/g) ?? []) assert.equal(key, bpfFileContext);
      }
    }
  });
});

describe('settings', () => {
  it('are those that the server reads and the client library traces by, with the same defaults', () => {
    const names = Object.values(settingNames).map((name) => `ebpf.${name}`);
    assert.deepEqual(Object.keys(settings).sort(), [...names, `${clientId}.trace.server`].sort());
    for (const key of Object.keys(settingNames) as (keyof Settings)[]) {
      assert.deepEqual(settings[`ebpf.${settingNames[key]}`]?.default, defaultSettings[key], key);
    }
  });

  it('all have a description, a scope, and a word for each choice', () => {
    for (const [name, setting] of Object.entries(settings)) {
      assert.ok(setting.markdownDescription, name);
      assert.ok(setting.scope, name);
      assert.equal(setting.markdownEnumDescriptions?.length, setting.enum?.length, name);
    }
  });

  it('that start programs or change their flags are not taken from untrusted workspaces', () => {
    const { restrictedConfigurations, supported, description } = manifest.capabilities.untrustedWorkspaces;
    assert.equal(supported, 'limited');
    assert.notEqual(description, '');
    const compiler = Object.keys(settings).filter((name) => name.startsWith('ebpf.clang.'));
    assert.deepEqual([...restrictedConfigurations].sort(), compiler.sort());
    for (const name of compiler) assert.equal(settings[name]?.scope, 'machine-overridable');
  });
});

describe('tasks', () => {
  it('have the type and the properties of the code', () => {
    const [definition, ...others] = contributes.taskDefinitions;
    assert.deepEqual(others, []);
    assert.equal(definition?.type, taskType);
    assert.deepEqual(definition?.required, ['task', 'file']);
    assert.deepEqual(Object.keys(definition?.properties ?? {}).sort(), ['file', 'image', 'output', 'task']);
  });

  it('have matchers that read what the command prints', () => {
    assert.deepEqual(
      contributes.problemMatchers.map(({ name }) => `$${name}`),
      problemMatchers,
    );
    const pattern = (name: string): Record<string, string | number> => {
      const found = contributes.problemPatterns.find((one) => one['name'] === name);
      assert.ok(found, name);
      return found;
    };
    const read = (name: string, line: string): Record<string, string | undefined> | undefined => {
      const { regexp, ...groups } = pattern(name);
      const match = new RegExp(String(regexp)).exec(line);
      const fields = Object.entries(groups).filter(([, group]) => typeof group === 'number');
      return match ? Object.fromEntries(fields.map(([field, group]) => [field, match[Number(group)]])) : undefined;
    };
    assert.deepEqual(read('ebpf', '/src/a (1).c(47,29): error null-dereference: `x` may be NULL (see a(1,2): b)'), {
      ...{ file: '/src/a (1).c', line: '47', column: '29', severity: 'error', code: 'null-dereference' },
      message: '`x` may be NULL (see a(1,2): b)',
    });
    assert.equal(read('ebpf', 'C:\\a.c(3): error x-y: z')?.['line'], '3');
    assert.equal(read('ebpf', '/src/a.c: error no-clang: no'), undefined);
    assert.deepEqual(read('ebpf-file', '/src/a.c: error no-clang: C source needs clang: get it'), {
      ...{ file: '/src/a.c', severity: 'error', code: 'no-clang', message: 'C source needs clang: get it' },
    });
    assert.equal(read('ebpf-file', 'C:\\a.o: error not-elf: no')?.['file'], 'C:\\a.o');
    assert.equal(read('ebpf-file', '/src/a.c(3,4): error x: y'), undefined);
    assert.equal(read('ebpf-file', '/src/a.c: nothing was written: not every program is proved'), undefined);
  });
});

describe('debugger', () => {
  const [debuggerContribution] = contributes.debuggers;

  it('has the type of the code, breakpoints for C, and attributes with descriptions', () => {
    assert.equal(debuggerContribution?.type, debugType);
    assert.ok(contributes.breakpoints.some(({ language }) => language === 'c'));
    const { properties, required } = debuggerContribution.configurationAttributes.launch;
    assert.deepEqual(required, ['program']);
    for (const [name, property] of Object.entries(properties)) assert.ok(property.markdownDescription, name);
  });

  it('has the attributes that the adapter reads', () => {
    // The compiler refuses this object when the adapter's type has other members.
    const read = { program: 0, function: 0, packet: 0, context: 0, stopOnEntry: 0, platform: 0 } satisfies Record<
      keyof LaunchArguments,
      0
    >;
    const { properties } = debuggerContribution!.configurationAttributes.launch;
    assert.deepEqual(Object.keys(properties).sort(), Object.keys(read).sort());
  });

  it('suggests only configurations with known attributes', () => {
    const { configurationAttributes, initialConfigurations, configurationSnippets } = debuggerContribution!;
    const known = new Set([...Object.keys(configurationAttributes.launch.properties), 'type', 'request', 'name']);
    const suggested = [...initialConfigurations, ...configurationSnippets.map(({ body }) => body)];
    assert.ok(suggested.length >= 4);
    for (const body of suggested) {
      for (const attribute of Object.keys(body)) assert.ok(known.has(attribute), attribute);
    }
  });
});

describe('docs/editor.md', () => {
  const page = readFileSync(path.join(root, 'docs', 'editor.md'), 'utf8');

  it('names every command, setting, task property and launch attribute', () => {
    for (const { category, title } of contributes.commands) assert.ok(page.includes(`${category}: ${title}`), title);
    const names = [
      ...Object.keys(settings),
      ...Object.keys(contributes.taskDefinitions[0]!.properties),
      ...Object.keys(contributes.debuggers[0]!.configurationAttributes.launch.properties),
      ...problemMatchers,
    ];
    for (const name of names) assert.ok(page.includes(`\`${name}\``), name);
  });
});

describe('activation', () => {
  it('happens for C files, tasks and debugging', () => {
    for (const event of ['onLanguage:c', `onTaskType:${taskType}`, `onDebugResolve:${debugType}`]) {
      assert.ok(manifest.activationEvents.includes(event), event);
    }
  });
});
