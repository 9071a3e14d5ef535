/** What goes wrong in a request: the client shows `message` to the user, or only logs it. Every error of the adapter stands in this file. */
export class RequestError extends Error {
  override readonly name = 'RequestError';

  /**
   * @param id stable number of the kind of error
   * @param showUser whether it answers something that the user did, and so is shown
   */
  constructor(
    readonly id: number,
    message: string,
    readonly showUser: boolean,
  ) {
    super(message);
  }
}

const shown = (id: number, message: string): RequestError => new RequestError(id, message, true);
const silent = (id: number, message: string): RequestError => new RequestError(id, message, false);

export function unknownRequest(command: string): RequestError {
  return silent(1001, `this adapter has no request ${command}`);
}

export function notLaunched(): RequestError {
  return silent(1002, 'no program is being debugged');
}

export function isRunning(): RequestError {
  return silent(1003, 'the program is running');
}

export function noSuchFrame(): RequestError {
  return silent(1004, 'the stack frame is gone');
}

export function cannotEvaluate(expression: string): RequestError {
  return silent(
    1005,
    `cannot evaluate ${expression}: registers (r0 to r10, pc), ctx fields, maps, global variables and numbers can be shown`,
  );
}

export function internal(message: string): RequestError {
  return shown(1099, `the eBPF debug adapter failed: ${message}`);
}

export function badArgument(name: string, wanted: string): RequestError {
  return shown(2001, `launch configuration: "${name}" must be ${wanted}`);
}

export function cannotRead(file: string, reason: string): RequestError {
  return shown(2002, `cannot read ${file}: ${reason}`);
}

export function noClang(remedy: string): RequestError {
  return shown(2003, `compiling the program needs a clang with a BPF target. ${remedy}`.trim());
}

export function cannotCompile(place: string, message: string): RequestError {
  return shown(2004, `clang does not compile the program: ${place === '' ? '' : `${place}: `}${message}`);
}

export function badInput(message: string): RequestError {
  return shown(2005, message);
}

export function noPrograms(file: string): RequestError {
  return shown(2006, `${file} holds no BPF program: mark one with SEC("xdp") or another section name`);
}

export function chooseProgram(names: readonly string[]): RequestError {
  return shown(2007, `the object holds several programs; set "function" to one of ${names.join(', ')}`);
}

export function noSuchProgram(name: string, names: readonly string[]): RequestError {
  return shown(2008, `the object has no program ${name}; set "function" to one of ${names.join(', ')}`);
}
