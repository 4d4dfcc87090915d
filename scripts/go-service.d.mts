/** The folder that holds the program, or why it could not be built. */
export function builtGo(service: { readonly name: string; readonly source: string }): {
  readonly folder?: string;
  readonly reason?: string;
};
