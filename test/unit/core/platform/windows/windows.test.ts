import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import type { Argument, Helper } from '../../../../../core/platform/platform';
import { linux, platformOf, windows } from '../../../../../core/platform/platforms';
import { GENERAL_HELPERS, REGISTERED_NAMES, TYPE_HELPERS } from '../../../../../core/platform/windows/helpers';
import { WINDOWS_MAP_TYPES } from '../../../../../core/platform/windows/map_types';
import { WINDOWS_PROGRAM_TYPES } from '../../../../../core/platform/windows/program_types';
import { windowsSection } from '../../../../../core/platform/windows/windows';

const typeOf = (section: string) => windows.programType(section)!;

describe('Windows section names', () => {
  it('match by the longest registered prefix', () => {
    assert.equal(
      windowsSection('cgroup/connect_authorization4')?.attach.name,
      'BPF_CGROUP_INET4_CONNECT_AUTHORIZATION',
    );
    assert.equal(windowsSection('cgroup/connect4')?.attach.name, 'BPF_CGROUP_INET4_CONNECT');
    assert.equal(windowsSection('cgroup/connect4/mine')?.type.name, 'sock_addr');
    assert.equal(windowsSection('bind_2')?.type.name, 'bind');
    assert.equal(windowsSection('xdp_drop')?.type.name, 'xdp');
    assert.equal(windowsSection('process')?.type.name, 'process');
  });

  it('are unknown otherwise', () => {
    for (const section of ['', 'cgroup/connect', 'tracepoint/x', '.text', '?bind']) {
      assert.equal(windows.programType(section), undefined, section);
    }
  });
});

describe('Windows helpers', () => {
  it('are numbered 1 to 35 for all program types', () => {
    assert.deepEqual(
      GENERAL_HELPERS.map(({ id }) => id),
      Array.from({ length: 35 }, (_, i) => i + 1),
    );
    for (const type of WINDOWS_PROGRAM_TYPES) assert.equal(windows.helper(1, type)?.name, 'bpf_map_lookup_elem');
  });

  it('collide beyond 65535: one number means another helper in each program type', () => {
    const names = (id: number) =>
      ['sockops', 'xdp', 'netevent_monitor', 'process', 'sample_ext'].map(
        (name) => windows.helper(id, typeOf(name))?.name,
      );
    assert.deepEqual(names(65536), [
      'bpf_sock_ops_get_flow_id',
      'bpf_xdp_adjust_head',
      'bpf_netevent_push_event',
      'bpf_process_get_image_path',
      'sample_ebpf_extension_helper_function1',
    ]);
    assert.equal(windows.helper(65536, typeOf('bind')), undefined);
    assert.equal(windows.helper(65536, typeOf('cgroup/connect4')), undefined);
    assert.equal(windows.helper(65537, typeOf('cgroup/connect4'))?.name, 'bpf_sock_addr_set_redirect_context');
  });

  it('belong to their own program type alone', () => {
    const adjust = windows.helper(65536, typeOf('xdp'))!;
    assert.equal(windows.allows(typeOf('xdp'), adjust), true);
    assert.equal(windows.allows(typeOf('process'), adjust), false);
    assert.equal(windows.allows(typeOf('bind'), linux.helper(1, linux.programType('xdp')!)!), false);
  });

  it('without an implementation in the core need an extension that brings one', () => {
    const cookie = windows.helper(26, typeOf('bind'))!;
    assert.equal(windows.allows(typeOf('cgroup/connect4'), cookie), true);
    assert.equal(windows.allows(typeOf('bind'), cookie), false);
  });

  it('are unknown beyond the tables', () => {
    for (const id of [0, 36, 65535, 70000, -1]) assert.equal(windows.helper(id, typeOf('bind')), undefined);
  });
});

describe('Windows contexts', () => {
  it('hold pointers of eight bytes that may not be written', () => {
    for (const type of WINDOWS_PROGRAM_TYPES) {
      assert.equal(type.context.acrossFields, true);
      for (const field of type.context.fields) {
        if (field.kind === 'scalar') assert.ok(field.readable && field.writable, field.name);
        else assert.deepEqual([field.size, field.readable, field.writable], [8, true, false], field.name);
      }
    }
  });

  it('give default returns by name', () => {
    assert.deepEqual(
      WINDOWS_PROGRAM_TYPES.map(({ name, defaultReturn, returnNames }) => [
        name,
        defaultReturn && returnNames[defaultReturn],
      ]),
      [
        ['bind', 0],
        ['sock_addr', 1],
        ['sockops', undefined],
        ['sample', undefined],
        ['xdp', 1],
        ['netevent_monitor', undefined],
        ['process', undefined],
      ],
    );
  });
});

describe('platformOf', () => {
  it('takes the marker of the Windows headers, unless told', () => {
    assert.equal(platformOf({ builtForWindows: true }, 'auto'), windows);
    assert.equal(platformOf({ builtForWindows: false }, 'auto'), linux);
    assert.equal(platformOf({ builtForWindows: true }, 'linux'), linux);
    assert.equal(platformOf({ builtForWindows: false }, 'windows'), windows);
  });
});

interface HelperFacts {
  readonly id: number;
  readonly name: string;
  readonly registered_name: string;
  readonly return_type: string;
  readonly arguments: readonly string[];
  readonly c_parameters: readonly string[];
}

interface Facts {
  readonly general_helpers: readonly HelperFacts[];
  readonly map_types: readonly {
    readonly windows_id: number;
    readonly display_name: string;
    readonly per_cpu: boolean;
    readonly verifier_table: { readonly is_array?: boolean; readonly value_type?: string };
  }[];
  readonly program_types: readonly {
    readonly name: string;
    readonly bpf_prog_type: number;
    readonly program_type_guid: string;
    readonly return_values?: Readonly<Record<string, number>>;
    readonly sections: readonly {
      readonly section_prefix: string;
      readonly attach_type: string;
      readonly attach_type_guid: string;
      readonly bpf_attach_type: number;
    }[];
    readonly specific_helpers: readonly HelperFacts[];
    readonly context: {
      readonly struct: string;
      readonly size: number;
      readonly fields: readonly {
        readonly name: string;
        readonly offset: number;
        readonly size: number;
        readonly role?: string;
      }[];
    };
  }[];
}

const KINDS: Readonly<Record<string, readonly Argument['kind'][]>> = {
  ANYTHING: ['anything'],
  CONST_SIZE: ['size'],
  CONST_SIZE_OR_ZERO: ['size_or_zero'],
  PTR_TO_CTX: ['ctx'],
  PTR_TO_MAP: ['const_map'],
  PTR_TO_MAP_OF_PROGRAMS: ['const_map'],
  PTR_TO_MAP_KEY: ['map_key'],
  PTR_TO_MAP_VALUE: ['map_value'],
  PTR_TO_READABLE_MEM: ['mem'],
  PTR_TO_READABLE_MEM_OR_NULL: ['mem_or_null'],
  PTR_TO_WRITABLE_MEM: ['uninit_mem', 'mem'],
};

function compare(helper: Helper | undefined, fact: HelperFacts): void {
  assert.ok(helper, fact.name);
  assert.equal(helper.id, fact.id);
  assert.equal(helper.name, fact.name);
  assert.equal(REGISTERED_NAMES[helper.name] ?? helper.name, fact.registered_name);
  const wanted = fact.arguments.filter((argument) => argument !== 'DONTCARE');
  assert.equal(helper.arguments.length, wanted.length, helper.name);
  wanted.forEach((argument, i) =>
    assert.ok(KINDS[argument]!.includes(helper.arguments[i]!.kind), `${helper.name} ${i + 1}`),
  );
  assert.equal(helper.returns, fact.return_type === 'PTR_TO_MAP_VALUE_OR_NULL' ? 'map_value_or_null' : 'integer');
  assert.equal(helper.tailCall, fact.return_type === 'INTEGER_OR_NO_RETURN_IF_SUCCEED');
  const parameters = /\((.*)\)$/.exec(helper.prototype)![1]!;
  assert.equal(parameters === 'void' ? 0 : parameters.split(',').length, fact.c_parameters.length, helper.name);
}

describe('the Windows tables and the collected facts', () => {
  const file = path.resolve('../shared/facts/windows_platform.json');
  const skip = existsSync(file) ? false : 'the collected facts are not beside the repository';
  const facts = (): Facts => JSON.parse(readFileSync(file, 'utf8')) as Facts;

  it('agree on helpers', { skip }, () => {
    const { general_helpers: general, program_types: types } = facts();
    assert.equal(GENERAL_HELPERS.length, general.length);
    for (const fact of general)
      compare(
        GENERAL_HELPERS.find(({ id }) => id === fact.id),
        fact,
      );
    for (const type of types) {
      const own = TYPE_HELPERS[type.name] ?? [];
      assert.equal(own.length, type.specific_helpers.length, type.name);
      for (const fact of type.specific_helpers)
        compare(
          own.find(({ id }) => id === fact.id),
          fact,
        );
    }
  });

  it('agree on program types, sections and contexts', { skip }, () => {
    const { program_types: types } = facts();
    assert.equal(WINDOWS_PROGRAM_TYPES.length, types.length);
    const roles: Readonly<Record<string, string>> = {
      data: 'packet',
      data_end: 'packet_end',
      data_meta: 'packet_meta',
    };
    for (const fact of types) {
      const type = WINDOWS_PROGRAM_TYPES.find(({ name }) => name === fact.name)!;
      assert.deepEqual([type.id, type.guid], [fact.bpf_prog_type, fact.program_type_guid]);
      assert.deepEqual(type.returnNames, fact.return_values ?? {});
      assert.deepEqual(
        type.attachTypes,
        fact.sections.map((section) => ({
          section: section.section_prefix,
          name: section.attach_type,
          id: section.bpf_attach_type,
          guid: section.attach_type_guid,
        })),
      );
      assert.deepEqual([type.context.structure, type.context.size], [fact.context.struct, fact.context.size]);
      assert.equal(type.context.fields.length, fact.context.fields.length);
      for (const { name, offset, size, role } of fact.context.fields) {
        const field = type.context.fields.find((candidate) => candidate.name === name);
        assert.deepEqual(
          [field?.offset, field?.size, field?.kind],
          [offset, size, role ? roles[role] : 'scalar'],
          name,
        );
      }
    }
  });

  it('agree on map types', { skip }, () => {
    const known = facts().map_types.filter(({ windows_id: id }) => id !== 0);
    assert.equal(WINDOWS_MAP_TYPES.length, known.length);
    for (const fact of known) {
      const type = windows.mapType(fact.windows_id)!;
      assert.deepEqual([type.name, type.perCpu], [fact.display_name, fact.per_cpu]);
      assert.equal(type.isArray, fact.verifier_table.is_array ?? false, type.name);
      if (fact.verifier_table.value_type === 'map' || fact.verifier_table.value_type === 'program') {
        assert.equal(type.values, fact.verifier_table.value_type);
      }
    }
  });
});
