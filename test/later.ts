/** A value that somebody else will know. */
export interface Later<Value> {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value | PromiseLike<Value>) => void;
  readonly reject: (reason: unknown) => void;
}

export function later<Value>(): Later<Value> {
  let resolve: Later<Value>['resolve'] = () => undefined;
  let reject: Later<Value>['reject'] = () => undefined;
  const promise = new Promise<Value>((done, failed) => {
    resolve = done;
    reject = failed;
  });
  return { promise, resolve, reject };
}
