import fc from 'fast-check';
import * as z from 'zod/mini';

/** What a schema says of itself, as far as messages use it. */
type Form = z.core.JSONSchema.BaseSchema;

/** The smallest value that a schema takes: required fields, shortest lists, first choices. The same each time. */
export function sampleOf(schema: z.ZodMiniType): unknown {
  return sample(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }));
}

function sample(form: Form): unknown {
  const [choice] = form.anyOf ?? form.oneOf ?? [];
  if (choice !== undefined) return sample(formOf(choice));
  if (form.default !== undefined) return form.default;
  if (form.const !== undefined) return form.const;
  if (form.enum !== undefined) return form.enum[0];
  switch (form.type) {
    case 'object':
      return Object.fromEntries(
        (form.required ?? []).map((name) => [name, sample(formOf(form.properties?.[name]))]),
      );
    case 'array': {
      const items = Array.isArray(form.items) ? form.items[0] : form.items;
      return Array.from({ length: form.minItems ?? 0 }, () => sample(formOf(items)));
    }
    case 'string':
      return textOf(form);
    case 'integer':
    case 'number':
      return Math.max(form.minimum ?? 0, 0);
    case 'boolean':
      return false;
    default:
      return null;
  }
}

function textOf({ pattern, minLength = 0, maxLength }: Form): string {
  if (pattern === undefined) return 'x'.repeat(Math.max(minLength, 1));
  const bound = maxLength === undefined ? {} : { maxLength: Math.min(maxLength, 200) };
  const [text = ''] = fc.sample(fc.stringMatching(new RegExp(pattern), bound), {
    numRuns: 1,
    seed: 1,
  });
  return text;
}

const formOf = (form: Form | boolean | undefined): Form => (typeof form === 'object' ? form : {});
