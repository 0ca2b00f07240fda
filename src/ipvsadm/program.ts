/** The name that a program was called by: the last part of its path, without the `.js` of Node's scripts. */
export function calledName(program: string): string {
  const name = program.slice(program.lastIndexOf('/') + 1);
  return name.endsWith('.js') && name !== '.js' ? name.slice(0, -3) : name;
}
