/** The value of an expression of numbers, `+ - * / ( )`. Throws with what it could not read: the model is told and may try again. */
export function evaluate(expression: string): number {
  const tokens = expression.match(/\d+(?:\.\d+)?|[-+*/()]|\S/g) ?? [];
  let at = 0;

  const factor = (): number => {
    const token = tokens[at++];
    if (token === '-') return -factor();
    if (token === '(') {
      const value = sum();
      if (tokens[at++] !== ')') throw new Error(`A closing bracket is missing in "${expression}"`);
      return value;
    }
    const value = Number(token);
    if (token === undefined || Number.isNaN(value))
      throw new Error(`Cannot read "${token ?? ''}" in "${expression}"`);
    return value;
  };
  const product = (): number => {
    let value = factor();
    while (tokens[at] === '*' || tokens[at] === '/')
      value = tokens[at++] === '*' ? value * factor() : value / factor();
    return value;
  };
  const sum = (): number => {
    let value = product();
    while (tokens[at] === '+' || tokens[at] === '-')
      value = tokens[at++] === '+' ? value + product() : value - product();
    return value;
  };

  const value = sum();
  if (at < tokens.length) throw new Error(`Cannot read "${tokens[at]}" in "${expression}"`);
  return value;
}
