/** What generated C is wrapped in: nothing, or a user-mode library for Windows (native.md 7). */
export type Wrapper = 'none' | 'dll';

/** The C that a wrapper adds behind the header. `symbol` is the metadata table. */
export function wrapperText(wrapper: Wrapper, symbol: string): string {
  switch (wrapper) {
    case 'none':
      return '';
    case 'dll':
      return dll(symbol);
  }
}

/** Needs no windows.h, whose names could meet those of programs. */
function dll(symbol: string): string {
  return `
EBPF_EXTERN_C_BEGIN
extern EBPF_EXPORT metadata_table_t ${symbol};
int __stdcall
DllMain(void* module, unsigned long reason, void* reserved)
{
    (void)module;
    (void)reason;
    (void)reserved;
    return 1;
}
EBPF_EXPORT metadata_table_t*
get_metadata_table(void)
{
    return &${symbol};
}
EBPF_EXTERN_C_END`;
}
