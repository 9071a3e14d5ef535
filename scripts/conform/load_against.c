// Opens an object with libbpf and has it fit the types of another file: everything that libbpf says goes to standard output.
// bpftool itself takes the kernel's types only. Programs are loaded when libbpf gets so far, and never attached.
#include <bpf/libbpf.h>
#include <stdarg.h>
#include <stdio.h>

static int print(enum libbpf_print_level level, const char *format, va_list values) {
  return vprintf(format, values);
}

int main(int count, char **words) {
  if (count != 3) return 2;
  libbpf_set_print(print);
  LIBBPF_OPTS(bpf_object_open_opts, options, .btf_custom_path = words[2]);
  struct bpf_object *object = bpf_object__open_file(words[1], &options);
  if (!object) return 1;
  bpf_object__load(object);
  bpf_object__close(object);
  return 0;
}
